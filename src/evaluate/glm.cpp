#include "evaluate/glm.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "evaluate/detail/glm_filters.hpp"
#include "numerics/minimise.hpp"

namespace nt::evaluate {
namespace {

constexpr size_t kBases = kGlmTimeConstants_ms.size();
static_assert(kBases == kGlmFilters);
using Bases = std::array<double, kBases>;
using Weights = std::vector<Bases>;

const Bases& decays() {
  static const Bases per_ms = [] {
    Bases r;
    for (size_t b = 0; b < kBases; ++b) r[b] = std::exp(-1 / kGlmTimeConstants_ms[b]);
    return r;
  }();
  return per_ms;
}

/// Cholesky factor L of the exponentials' products over all lags, <a, b> = 1 / (1 - r_a r_b). The filters
/// L^-1 (exponentials) are orthonormal: fitted in them, weights of a synapse with independent spikes do not
/// disturb one another, which a search by gradients wants.
const std::array<Bases, kBases>& filter_factor() {
  static const auto factor = [] {
    std::array<Bases, kBases> l{};
    for (size_t i = 0; i < kBases; ++i) {
      for (size_t j = 0; j <= i; ++j) {
        double sum = 1 / (1 - decays()[i] * decays()[j]);
        for (size_t k = 0; k < j; ++k) sum -= l[i][k] * l[j][k];
        l[i][j] = i == j ? std::sqrt(sum) : sum / l[j][j];
      }
    }
    return l;
  }();
  return factor;
}

/// Weights of the orthonormal filters -> of the exponentials: L^T w = v.
Bases to_exponentials(Bases v) {
  const auto& l = filter_factor();
  for (size_t i = kBases; i-- > 0;) {
    for (size_t k = i + 1; k < kBases; ++k) v[i] -= l[k][i] * v[k];
    v[i] /= l[i][i];
  }
  return v;
}

Bases from_exponentials(const Bases& w) {
  const auto& l = filter_factor();
  Bases v{};
  for (size_t i = 0; i < kBases; ++i) {
    for (size_t k = i; k < kBases; ++k) v[i] += l[k][i] * w[k];
  }
  return v;
}

/// Gradient by the exponentials' weights -> by the orthonormal filters': L v' = w'.
Bases gradient_from_exponentials(Bases g) {
  const auto& l = filter_factor();
  for (size_t i = 0; i < kBases; ++i) {
    for (size_t k = 0; k < i; ++k) g[i] -= l[i][k] * g[k];
    g[i] /= l[i][i];
  }
  return g;
}

int64_t bin_of(float time_ms) {
  return static_cast<int64_t>(time_ms);
}

/// What the model sees of a trial: its input, and with history the neuron's own spikes, each from the bin
/// after it on, as the last channel.
GlmEvents events_of(const dataset::TrialView& trial, size_t first_inhibitory, size_t channels, bool history) {
  const size_t duration = trial.soma_mV.size();
  std::vector<Spike> spikes;
  const auto add = [&](uint32_t ms, uint32_t channel) {
    if (ms < duration) spikes.push_back({ms, channel});
  };
  for (size_t i = 0; i < trial.excitatory.time_ms.size(); ++i)
    add(trial.excitatory.time_ms[i], trial.excitatory.synapse[i]);
  for (size_t i = 0; i < trial.inhibitory.time_ms.size(); ++i)
    add(trial.inhibitory.time_ms[i], static_cast<uint32_t>(first_inhibitory) + trial.inhibitory.synapse[i]);
  for (size_t i = 0; history && i < trial.spike_times_ms.size(); ++i)
    add(static_cast<uint32_t>(bin_of(trial.spike_times_ms[i])) + 1, static_cast<uint32_t>(channels - 1));
  return glm_events(spikes, duration, channels);
}

GlmDecays decays_in_float() {
  GlmDecays r;
  std::ranges::copy(decays(), r.begin());
  return r;
}

/// [row][filter]
std::vector<float> in_float(const Weights& weight) {
  std::vector<float> flat(glm_rows(weight.size()) * kBases, 0);
  for (size_t c = 0; c < weight.size(); ++c)
    std::ranges::copy(weight[c], flat.begin() + static_cast<std::ptrdiff_t>(c * kBases));
  return flat;
}

/// Mean loss over the bins of the chosen trials of a split, and its gradient.
class GlmLoss {
 public:
  GlmLoss(GlmTarget target, bool history, const dataset::Split& split, int64_t most_trials)
      : target_(target),
        history_(history),
        split_(split),
        trials_(std::min(split.trials(), static_cast<size_t>(most_trials))),
        first_inhibitory_(static_cast<size_t>(split.identity().excitatory_synapses)),
        channels_(static_cast<size_t>(split.channels()) + history) {
    for (size_t i = 0; i < trials_; ++i)
      events_.push_back(events_of(trial(i), first_inhibitory_, channels_, history));
  }

  size_t channels() const { return channels_; }
  double bins() const { return static_cast<double>(trials_) * static_cast<double>(split_.duration_ms()); }
  dataset::TrialView trial(size_t i) const { return split_.trial(i * split_.trials() / trials_); }
  size_t trials() const { return trials_; }

  /// Mean target: spikes per bin or mV.
  double mean() const {
    double sum = 0;
    for (size_t i = 0; i < trials_; ++i) {
      const auto t = trial(i);
      sum += target_ == GlmTarget::spike ? static_cast<double>(t.spike_times_ms.size())
                                         : std::accumulate(t.soma_mV.begin(), t.soma_mV.end(), 0.0);
    }
    return sum / bins();
  }

  /// Spikes per bin of every channel, at least one in all.
  std::vector<double> rates() const {
    std::vector<double> count(channels_, 0);
    for (size_t i = 0; i < trials_; ++i) {
      const auto t = trial(i);
      for (const auto s : t.excitatory.synapse) count[s] += 1;
      for (const auto s : t.inhibitory.synapse) count[first_inhibitory_ + s] += 1;
      if (history_) count.back() += static_cast<double>(t.spike_times_ms.size());
    }
    for (double& c : count) c = std::max(c, 1.0) / bins();
    return count;
  }

  /// Over some of the trials. `gradient`, `bias_gradient`: null where they are not asked for.
  double at(const Weights& weight, double bias, std::span<const size_t> some, const twin::Parallel& parallel,
            Weights* gradient, double* bias_gradient) const {
    // Sums run over a fixed number of parts in a fixed order: the same on any number of threads.
    const size_t parts = std::min<size_t>(some.size(), 16);
    const double bins = static_cast<double>(some.size()) * static_cast<double>(split_.duration_ms());
    struct Part {
      double loss = 0, bias = 0;
      std::vector<float> gradient;
    };
    std::vector<Part> part(parts);
    const auto flat = in_float(weight);
    const auto decay = decays_in_float();
    parallel.run(static_cast<int64_t>(parts), [&](int64_t task) {
      auto& p = part[task];
      std::vector<float> value;
      if (gradient != nullptr) p.gradient.assign(flat.size(), 0);
      for (size_t k = task * some.size() / parts; k < (task + 1) * some.size() / parts; ++k) {
        const auto t = trial(some[k]);
        value.resize(t.soma_mV.size());
        glm_forward(events_[some[k]], decay, flat, static_cast<float>(bias), value);
        p.loss += loss_and_residual(t, value);
        if (gradient == nullptr) continue;
        p.bias += std::accumulate(value.begin(), value.end(), 0.0);
        glm_backward(events_[some[k]], decay, value, p.gradient);
      }
    });
    double loss = 0;
    for (const auto& p : part) loss += p.loss / bins;
    if (gradient == nullptr) return loss;
    gradient->assign(channels_, Bases{});
    *bias_gradient = 0;
    for (const auto& p : part) {
      *bias_gradient += p.bias / bins;
      for (size_t c = 0; c < channels_; ++c)
        for (size_t b = 0; b < kBases; ++b)
          (*gradient)[c][b] += static_cast<double>(p.gradient[c * kBases + b]) / bins;
    }
    return loss;
  }

 private:
  /// Turns a trial's values into the loss' derivatives by them.
  double loss_and_residual(const dataset::TrialView& t, std::vector<float>& value) const {
    double loss = 0;
    if (target_ == GlmTarget::soma) {
      for (size_t i = 0; i < value.size(); ++i) {
        value[i] -= t.soma_mV[i];
        loss += 0.5 * static_cast<double>(value[i]) * static_cast<double>(value[i]);
      }
      return loss;
    }
    for (const float time : t.spike_times_ms) loss -= static_cast<double>(value[bin_of(time)]);
    for (float& v : value) {
      const double x = static_cast<double>(v), e = std::exp(-std::abs(x));
      loss += std::max(x, 0.0) + std::log1p(e);
      v = static_cast<float>((x >= 0 ? 1 : e) / (1 + e));
    }
    for (const float time : t.spike_times_ms) value[bin_of(time)] -= 1;
    return loss;
  }

  GlmTarget target_;
  bool history_;
  const dataset::Split& split_;
  size_t trials_, first_inhibitory_, channels_;
  std::vector<GlmEvents> events_;  // [trial]
};

/// Between a model and the numbers that a fit moves: the value at the mean input, and the weights of each
/// synapse's orthonormal filters, in units in which every filtered synapse varies by about 1. Without the
/// mean taken off, the bias and all weights of slow filters would pull at each other.
struct Coordinates {
  std::vector<double> rate;  // of each channel, spikes per bin

  double scale(size_t channel) const { return 1 / std::sqrt(rate[channel]); }
  /// What a channel adds to the value on average.
  double mean_of(size_t channel, const Bases& weight) const {
    double sum = 0;
    for (size_t b = 0; b < kBases; ++b) sum += weight[b] / (1 - decays()[b]);
    return rate[channel] * sum;
  }

  std::vector<double> of(const Weights& weight, double bias) const {
    std::vector<double> x(1 + rate.size() * kBases, 0.0);
    x[0] = bias;
    for (size_t c = 0; c < weight.size(); ++c) {
      x[0] += mean_of(c, weight[c]);
      const auto v = from_exponentials(weight[c]);
      for (size_t b = 0; b < kBases; ++b) x[1 + c * kBases + b] = v[b] / scale(c);
    }
    return x;
  }
  Weights weights(const std::vector<double>& x) const {
    Weights weight(rate.size());
    for (size_t c = 0; c < rate.size(); ++c) {
      Bases v;
      for (size_t b = 0; b < kBases; ++b) v[b] = scale(c) * x[1 + c * kBases + b];
      weight[c] = to_exponentials(v);
    }
    return weight;
  }
  double bias(const std::vector<double>& x, const Weights& weight) const {
    double bias = x[0];
    for (size_t c = 0; c < weight.size(); ++c) bias -= mean_of(c, weight[c]);
    return bias;
  }
  void gradient(Weights by_weight, double by_bias, std::vector<double>& g) const {
    g[0] = by_bias;
    for (size_t c = 0; c < rate.size(); ++c) {
      for (size_t b = 0; b < kBases; ++b) by_weight[c][b] -= by_bias * rate[c] / (1 - decays()[b]);
      const auto v = gradient_from_exponentials(by_weight[c]);
      for (size_t b = 0; b < kBases; ++b) g[1 + c * kBases + b] = scale(c) * v[b];
    }
  }
};

}  // namespace

std::vector<float> Glm::predict(const dataset::TrialView& trial, int64_t excitatory_synapses) const {
  std::vector<float> value(trial.soma_mV.size());
  glm_forward(events_of(trial, static_cast<size_t>(excitatory_synapses), weight.size(), history),
              decays_in_float(), in_float(weight), static_cast<float>(bias), value);
  return value;
}

int64_t Glm::parameter_count() const {
  return 1 + static_cast<int64_t>(weight.size() * kBases);
}

namespace {

/// Shares of the loss' curvature that are tried as ridges, from the strongest on. The other filters' noise is
/// a larger part of what spikes, which are rare, seem to say.
constexpr std::array kRidges{10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003};
constexpr double kFirstRidgeOfVoltage = 1;
constexpr size_t kFewestTrials = 16;                          // that a ridge is chosen on
constexpr int kPassesForSpikes = 40, kPassesForVoltage = 24;  // of one ridge
constexpr std::array kLogOddsPer_mV{0.125, 0.25, 0.5, 1.0, 2.0};

/// Every `step`-th of the trials.
std::vector<size_t> every(size_t step, const GlmLoss& of) {
  std::vector<size_t> some;
  for (size_t i = 0; i < of.trials(); i += step) some.push_back(i);
  return some;
}

}  // namespace

Glm fit_glm(GlmTarget target, bool history, const dataset::Split& train, const dataset::Split& valid,
            const GlmBudget& budget, const twin::Parallel& parallel, const Glm* start) {
  const GlmLoss loss(target, history, train, budget.trials);
  const GlmLoss valid_loss(target, history, valid, std::max<int64_t>(1, budget.trials / 4));
  const auto valid_trials = every(1, valid_loss);
  const Coordinates coordinates{loss.rates()};
  const double mean = loss.mean();
  const double least = 0.5 / loss.bins();
  const double rate = std::clamp(mean, least, 1 - least);
  const double curvature = target == GlmTarget::spike ? rate * (1 - rate) : 1.0;
  const auto constant = coordinates.of({}, target == GlmTarget::spike ? std::log(rate / (1 - rate)) : mean);
  const auto model = [&](const std::vector<double>& at, double ridge) {
    const auto weight = coordinates.weights(at);
    return Glm{target, history, coordinates.bias(at, weight), weight, ridge};
  };
  const auto valid_loss_of = [&](const Glm& glm) {
    return valid_loss.at(glm.weight, glm.bias, valid_trials, parallel, nullptr, nullptr);
  };
  const bool of_another_target = start != nullptr && start->target != target;
  const double first_ridge = start != nullptr && !of_another_target ? start->ridge
                             : target == GlmTarget::soma            ? kFirstRidgeOfVoltage
                                                                    : kRidges.front();
  auto x = start != nullptr && !of_another_target ? coordinates.of(start->weight, start->bias) : constant;
  if (of_another_target) {
    // What depolarises makes spikes likely: the voltage's weights, times the factor that suits best.
    const auto of_other = coordinates.of(start->weight, 0);
    double lowest = valid_loss_of(model(constant, 0));
    for (const double factor : kLogOddsPer_mV) {
      auto scaled = constant;
      for (size_t i = 1; i < of_other.size(); ++i) scaled[i] = factor * of_other[i];
      const double now = valid_loss_of(model(scaled, 0));
      if (now >= lowest) continue;
      lowest = now;
      x = std::move(scaled);
    }
  }
  // The penalty of one trial is that of all: among a quarter of them the ridge is four times as strong.
  const auto minimum = [&](std::vector<double> from, double ridge, size_t step) {
    const auto trials = every(step, loss);
    const double penalty = ridge * curvature * static_cast<double>(step);
    Weights by_weight;
    const auto function = [&](const std::vector<double>& at, std::vector<double>& gradient) {
      double by_bias = 0;
      const auto now = model(at, ridge);
      double value = loss.at(now.weight, now.bias, trials, parallel, &by_weight, &by_bias);
      coordinates.gradient(by_weight, by_bias, gradient);
      for (size_t i = 1; i < at.size(); ++i) {
        value += 0.5 * penalty * at[i] * at[i];
        gradient[i] += penalty * at[i];
      }
      return value;
    };
    return numerics::minimise(
        function, std::move(from),
        {.most_evaluations =
             std::min(budget.passes, target == GlmTarget::spike ? kPassesForSpikes : kPassesForVoltage),
         .curvature = curvature + penalty,
         .least_gain = 1e-4},
        [](const std::vector<double>&) { return true; });
  };
  double ridge = first_ridge;
  if (start == nullptr || of_another_target) {
    const size_t step = loss.trials() >= 4 * kFewestTrials ? 4 : 1;
    double lowest = std::numeric_limits<double>::infinity();
    auto at = x;
    for (const double tried : kRidges) {
      if (tried > first_ridge) continue;
      at = minimum(std::move(at), tried, step);
      const double on_valid = valid_loss_of(model(at, tried));
      if (on_valid >= lowest) break;
      lowest = on_valid;
      ridge = tried;
      x = at;
    }
  }
  return model(minimum(std::move(x), ridge, 1), ridge);
}

}  // namespace nt::evaluate
