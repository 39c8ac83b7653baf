#include "evaluate/glm.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "numerics/minimise.hpp"

namespace nt::evaluate {
namespace {

constexpr size_t kBases = kGlmTimeConstants_ms.size();
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

/// Calls f(t, synapse) for every spike the model sees at t, for each t in turn (`forward`) or backwards, with
/// before(t) and after(t) around them.
template <class Before, class Spike, class After>
void walk(const dataset::TrialView& trial, size_t first_inhibitory, size_t history_channel, bool history,
          bool forward, Before&& before, Spike&& spike, After&& after) {
  const auto duration = static_cast<int64_t>(trial.soma_mV.size());
  const std::array<const dataset::EventsView*, 2> kinds{&trial.excitatory, &trial.inhibitory};
  const auto own = trial.spike_times_ms;
  std::array<size_t, 2> next{forward ? 0 : kinds[0]->time_ms.size(), forward ? 0 : kinds[1]->time_ms.size()};
  size_t next_own = forward ? 0 : own.size();
  for (int64_t n = 0; n < duration; ++n) {
    const int64_t t = forward ? n : duration - 1 - n;
    before(t);
    for (size_t k = 0; k < 2; ++k) {
      const auto& events = *kinds[k];
      const size_t first = k == 0 ? 0 : first_inhibitory;
      if (forward) {
        for (; next[k] < events.time_ms.size() && events.time_ms[next[k]] <= t; ++next[k]) {
          spike(first + events.synapse[next[k]]);
        }
      } else {
        for (; next[k] > 0 && events.time_ms[next[k] - 1] >= t; --next[k]) {
          spike(first + events.synapse[next[k] - 1]);
        }
      }
    }
    if (history) {  // seen from the bin after the spike on
      if (forward) {
        for (; next_own < own.size() && bin_of(own[next_own]) + 1 <= t; ++next_own) spike(history_channel);
      } else {
        for (; next_own > 0 && bin_of(own[next_own - 1]) + 1 >= t; --next_own) {
          if (bin_of(own[next_own - 1]) + 1 < duration) spike(history_channel);
        }
      }
    }
    after(t);
  }
}

/// value[t] for every bin of a trial.
void respond(const Weights& weight, double bias, bool history, size_t first_inhibitory,
             const dataset::TrialView& trial, std::vector<double>& value) {
  value.resize(trial.soma_mV.size());
  const Bases decay = decays();
  Bases state{};
  walk(
      trial, first_inhibitory, weight.size() - 1, history, true,
      [&](int64_t) {
        for (size_t b = 0; b < kBases; ++b) state[b] *= decay[b];
      },
      [&](size_t synapse) {
        for (size_t b = 0; b < kBases; ++b) state[b] += weight[synapse][b];
      },
      [&](int64_t t) {
        double sum = bias;
        for (size_t b = 0; b < kBases; ++b) sum += state[b];
        value[static_cast<size_t>(t)] = sum;
      });
}

/// Adds to `gradient` what `residual` (derivative of the loss by each bin's value) says about the weights:
/// the same filters, run backwards in time.
void respond_back(const std::vector<double>& residual, bool history, size_t first_inhibitory,
                  const dataset::TrialView& trial, Weights& gradient) {
  const Bases decay = decays();
  Bases state{};
  walk(
      trial, first_inhibitory, gradient.size() - 1, history, false,
      [&](int64_t t) {
        for (size_t b = 0; b < kBases; ++b) state[b] = decay[b] * state[b] + residual[static_cast<size_t>(t)];
      },
      [&](size_t synapse) {
        for (size_t b = 0; b < kBases; ++b) gradient[synapse][b] += state[b];
      },
      [](int64_t) {});
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
        channels_(static_cast<size_t>(split.channels()) + history) {}

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

  double at(const Weights& weight, double bias, const twin::Parallel& parallel, Weights* gradient,
            double* bias_gradient) const {
    // Sums run over a fixed number of parts in a fixed order: the same on any number of threads.
    const size_t parts = std::min<size_t>(trials_, 16);
    struct Part {
      double loss = 0, bias = 0;
      Weights gradient;
    };
    std::vector<Part> part(parts);
    parallel.run(static_cast<int64_t>(parts), [&](int64_t task) {
      const auto p = static_cast<size_t>(task);
      std::vector<double> value;
      if (gradient != nullptr) part[p].gradient.assign(channels_, Bases{});
      for (size_t i = p * trials_ / parts; i < (p + 1) * trials_ / parts; ++i) {
        const auto t = trial(i);
        respond(weight, bias, history_, first_inhibitory_, t, value);
        part[p].loss += loss_and_residual(t, value);
        if (gradient == nullptr) continue;
        part[p].bias += std::accumulate(value.begin(), value.end(), 0.0);
        respond_back(value, history_, first_inhibitory_, t, part[p].gradient);
      }
    });
    double loss = 0;
    if (gradient != nullptr) gradient->assign(channels_, Bases{});
    if (bias_gradient != nullptr) *bias_gradient = 0;
    for (const auto& p : part) {
      loss += p.loss / bins();
      if (gradient == nullptr) continue;
      *bias_gradient += p.bias / bins();
      for (size_t c = 0; c < channels_; ++c) {
        for (size_t b = 0; b < kBases; ++b) (*gradient)[c][b] += p.gradient[c][b] / bins();
      }
    }
    return loss;
  }

 private:
  /// Turns a trial's values into the loss' derivatives by them.
  double loss_and_residual(const dataset::TrialView& t, std::vector<double>& value) const {
    double loss = 0;
    if (target_ == GlmTarget::soma) {
      for (size_t i = 0; i < value.size(); ++i) {
        value[i] -= static_cast<double>(t.soma_mV[i]);
        loss += 0.5 * value[i] * value[i];
      }
      return loss;
    }
    for (const float time : t.spike_times_ms) loss -= value[static_cast<size_t>(bin_of(time))];
    for (double& v : value) {
      const double e = std::exp(-std::abs(v));
      loss += std::max(v, 0.0) + std::log1p(e);
      v = (v >= 0 ? 1 : e) / (1 + e);
    }
    for (const float time : t.spike_times_ms) value[static_cast<size_t>(bin_of(time))] -= 1;
    return loss;
  }

  GlmTarget target_;
  bool history_;
  const dataset::Split& split_;
  size_t trials_, first_inhibitory_, channels_;
};

/// Between a model and the numbers a search moves: bias, then weights of the orthonormal filters, in units in
/// which every filtered synapse varies by about 1.
struct Coordinates {
  std::vector<double> scale;  // [synapse]

  std::vector<double> of(const Weights& weight, double bias) const {
    std::vector<double> x(1 + scale.size() * kBases, 0.0);
    x[0] = bias;
    for (size_t c = 0; c < weight.size(); ++c) {
      const auto v = from_exponentials(weight[c]);
      for (size_t b = 0; b < kBases; ++b) x[1 + c * kBases + b] = v[b] / scale[c];
    }
    return x;
  }
  Weights weights(const std::vector<double>& x) const {
    Weights weight(scale.size());
    for (size_t c = 0; c < scale.size(); ++c) {
      Bases v;
      for (size_t b = 0; b < kBases; ++b) v[b] = scale[c] * x[1 + c * kBases + b];
      weight[c] = to_exponentials(v);
    }
    return weight;
  }
  void gradient(const Weights& by_weight, double by_bias, std::vector<double>& g) const {
    g[0] = by_bias;
    for (size_t c = 0; c < scale.size(); ++c) {
      const auto v = gradient_from_exponentials(by_weight[c]);
      for (size_t b = 0; b < kBases; ++b) g[1 + c * kBases + b] = scale[c] * v[b];
    }
  }
};

}  // namespace

std::vector<float> Glm::predict(const dataset::TrialView& trial, int64_t excitatory_synapses) const {
  std::vector<double> value;
  respond(weight, bias, history, static_cast<size_t>(excitatory_synapses), trial, value);
  return {value.begin(), value.end()};
}

int64_t Glm::parameter_count() const {
  return 1 + static_cast<int64_t>(weight.size() * kBases);
}

Glm fit_glm(GlmTarget target, bool history, const dataset::Split& train, const dataset::Split& valid,
            const GlmBudget& budget, const twin::Parallel& parallel, const Glm* start) {
  const GlmLoss loss(target, history, train, budget.trials);
  const GlmLoss valid_loss(target, history, valid, std::max<int64_t>(1, budget.trials / 4));
  Coordinates coordinates;
  for (const double rate : loss.rates()) coordinates.scale.push_back(1 / std::sqrt(rate));
  const double mean = loss.mean();
  const double least = 0.5 / loss.bins();
  const double rate = std::clamp(mean, least, 1 - least);
  auto x = start != nullptr
               ? coordinates.of(start->weight, start->bias)
               : coordinates.of({}, target == GlmTarget::spike ? std::log(rate / (1 - rate)) : mean);

  auto best = x;
  double best_loss = valid_loss.at(coordinates.weights(x), x[0], parallel, nullptr, nullptr);
  int steps = 0, checks_since_best = 0;
  constexpr int kStepsPerCheck = 4, kPatience = 3;
  const auto check = [&](const std::vector<double>& at) {
    const double now = valid_loss.at(coordinates.weights(at), at[0], parallel, nullptr, nullptr);
    ++checks_since_best;
    if (now >= best_loss) return;
    best_loss = now;
    best = at;
    checks_since_best = 0;
  };
  Weights gradient;
  const auto last = numerics::minimise(
      [&](const std::vector<double>& at, std::vector<double>& g) {
        double by_bias = 0;
        const double value = loss.at(coordinates.weights(at), at[0], parallel, &gradient, &by_bias);
        coordinates.gradient(gradient, by_bias, g);
        return value;
      },
      std::move(x),
      {.most_evaluations = budget.passes, .curvature = target == GlmTarget::spike ? rate * (1 - rate) : 1.0},
      [&](const std::vector<double>& at) {
        if (++steps % kStepsPerCheck == 0) check(at);
        return checks_since_best < kPatience;
      });
  check(last);
  return {target, history, best[0], coordinates.weights(best)};
}

}  // namespace nt::evaluate
