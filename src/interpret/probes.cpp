#include "interpret/probes.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>

#include "interpret/detail/dendrite_parts.hpp"
#include "interpret/detail/linear_probe.hpp"
#include "interpret/detail/recorded_trials.hpp"
#include "statistics/bootstrap.hpp"
#include "statistics/variance_explained.hpp"
#include "twin/after_convolution.hpp"

namespace nt::interpret {
namespace {

/// The somatic voltage at these lags, in two parts each, up to where spikes begin and beyond, is what the
/// regression without a network is told.
constexpr std::array<int64_t, 7> kLags_ms{0, 1, 2, 5, 10, 20, 50};
constexpr double kSpikesBegin_mV = -55;
constexpr size_t kStatisticsTrials = 8;  // for the running averages of the network that was not trained
constexpr size_t kResamples = 500;

bool is_among(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> texts(const config::Settings& settings, std::string_view key) {
  return settings.has(key) ? settings.texts(key) : std::vector<std::string>{};
}

/// InputError unless each of the names that `key` asks for is known.
template <class IsKnown>
void require_known(const config::Settings& settings, std::string_view key,
                   const std::vector<std::string>& asked, const std::vector<std::string>& known,
                   IsKnown&& is_known) {
  for (const auto& name : asked) {
    if (is_known(name)) continue;
    fail_input("{}: '{}' names \"{}\", which this neuron has not; known: {}", settings.where(key),
               settings.full_key(key), name, fmt::join(known, ", "));
  }
}

/// Every layer of the twin, then of the untrained network, then the voltage: what is regressed on,
/// [ms][feature] each, from skip_ms on.
class Views {
 public:
  Views(twin::Twin& trained, twin::Twin& untrained, int64_t excitatory_synapses, int64_t skip_ms)
      : trained_(trained), untrained_(untrained), excitatory_(excitatory_synapses), skip_ms_(skip_ms) {}

  std::vector<Eigen::MatrixXd> of(const RecordedTrial& trial) const {
    const auto events = events_of(trial.input, excitatory_, trained_.history_ms());
    std::vector<Eigen::MatrixXd> views;
    for (auto* twin : {&trained_, &untrained_}) {
      twin->forward(twin::SpikeWindows{events, 1, std::ssize(trial.soma_mV)});
      for (const auto& layer : twin->hidden()) views.push_back(counted(as_matrix(layer)));
    }
    views.push_back(counted(lagged_voltage(trial)));
    return views;
  }

  Eigen::MatrixXd quantities(const RecordedTrial& trial) const {
    Eigen::MatrixXd columns(std::ssize(trial.soma_mV), std::ssize(trial.quantities));
    for (Eigen::Index q = 0; q < columns.cols(); ++q)
      std::ranges::copy(trial.quantities[q], columns.col(q).begin());
    return counted(columns);
  }

 private:
  Eigen::MatrixXd counted(const Eigen::MatrixXd& of_ms) const {
    return of_ms.bottomRows(of_ms.rows() - skip_ms_);
  }

  static Eigen::MatrixXd as_matrix(const twin::HiddenSignal<float>& layer) {
    using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    return Eigen::Map<const Rows>(layer.values.data(), std::ssize(layer.values) / layer.features,
                                  layer.features)
        .cast<double>();
  }

  static Eigen::MatrixXd lagged_voltage(const RecordedTrial& trial) {
    const auto& v = trial.soma_mV;
    Eigen::MatrixXd columns(std::ssize(v), 2 * std::ssize(kLags_ms));
    for (Eigen::Index t = 0; t < columns.rows(); ++t) {
      for (Eigen::Index k = 0; k < std::ssize(kLags_ms); ++k) {
        const auto at = std::max<int64_t>(t - kLags_ms[k], 0);
        const double then = v[at], below = std::min(then, kSpikesBegin_mV);
        columns(t, 2 * k) = below;
        columns(t, 2 * k + 1) = then - below;
      }
    }
    return columns;
  }

  twin::Twin &trained_, &untrained_;
  int64_t excitatory_, skip_ms_;
};

/// Sums over the bins of the scored trials, from which the variance explained follows for any of their
/// resamples.
struct ScoredTrials {
  std::vector<double> bins;                             // [trial]
  std::vector<Eigen::RowVectorXd> y, y2;                // [trial], [quantity] each
  std::vector<std::vector<Eigen::RowVectorXd>> error2;  // [view][trial], [quantity] each
};

/// 1 - mean squared error / variance of the quantities about their mean over the trials so weighted:
/// weight [resample][trial], result [resample][quantity]. NaN of what does not vary.
Eigen::MatrixXd explained_by(const ScoredTrials& s, size_t view, const Eigen::MatrixXd& weight) {
  const Eigen::Map<const Eigen::VectorXd> bins_of(s.bins.data(), std::ssize(s.bins));
  const Eigen::VectorXd bins = weight * bins_of;
  const auto sum_of = [&](const std::vector<Eigen::RowVectorXd>& of_trials) -> Eigen::MatrixXd {
    Eigen::MatrixXd all(std::ssize(of_trials), of_trials.front().size());
    for (Eigen::Index t = 0; t < all.rows(); ++t) all.row(t) = of_trials[t];
    return weight * all;
  };
  const auto y = sum_of(s.y), y2 = sum_of(s.y2), error2 = sum_of(s.error2[view]);
  return Eigen::MatrixXd::NullaryExpr(y.rows(), y.cols(), [&](Eigen::Index b, Eigen::Index q) {
    return statistics::variance_explained({bins[b], y(b, q), y2(b, q), error2(b, q)},
                                          1e-12 * (y2(b, q) / bins[b]));
  });
}

/// With a 95 % interval. `resampled` [resample].
Explained with_interval(double value, const Eigen::VectorXd& resampled) {
  if (!std::isfinite(value)) return {};
  return statistics::estimate(value, {resampled.begin(), resampled.end()});
}

/// What is said of each quantity.
class Scores {
 public:
  Scores(const ScoredTrials& scored, uint64_t seed) {
    const auto trials = scored.bins.size();
    const auto drawn = statistics::resampling_weights(trials, kResamples, seed);
    using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Eigen::Map<const Rows> by_trial(drawn.data(), static_cast<Eigen::Index>(trials), kResamples);
    const Eigen::MatrixXd weight = by_trial.transpose().cast<double>();
    const Eigen::MatrixXd once = Eigen::MatrixXd::Ones(1, static_cast<Eigen::Index>(trials));
    for (size_t view = 0; view < scored.error2.size(); ++view) {
      value_.push_back(explained_by(scored, view, once));
      resampled_.push_back(explained_by(scored, view, weight));
    }
  }

  Explained of(size_t view, int64_t quantity) const {
    return with_interval(value_[view][quantity], resampled_[view].col(quantity));
  }
  Explained difference(size_t view, size_t other, int64_t quantity) const {
    return with_interval(value_[view][quantity] - value_[other][quantity],
                         resampled_[view].col(quantity) - resampled_[other].col(quantity));
  }

 private:
  std::vector<Eigen::RowVectorXd> value_;   // [view], [quantity] each
  std::vector<Eigen::MatrixXd> resampled_;  // [view], [resample][quantity] each
};

LayerProbes summarise(const ProbeSpec& spec, const std::vector<std::string>& names,
                      const ScoredTrials& scored, uint64_t seed) {
  const size_t layers = names.size(), voltage = 2 * layers;
  const Scores scores(scored, seed);
  LayerProbes probes{
      spec.trials_fit, spec.trials_score, spec.skip_ms, {kLags_ms.begin(), kLags_ms.end()}, names};
  for (size_t k = 0; k < spec.quantities.size(); ++k) {
    const auto q = static_cast<int64_t>(k);
    ProbedQuantity probed{spec.quantities[k]};
    probed.voltage = scores.of(voltage, q);
    for (size_t layer = 0; layer < layers; ++layer) {
      probed.trained.push_back(scores.of(layer, q));
      probed.untrained.push_back(scores.of(layers + layer, q));
      probed.trained_minus_untrained.push_back(scores.difference(layer, layers + layer, q));
      probed.trained_minus_voltage.push_back(scores.difference(layer, voltage, q));
    }
    probes.quantities.push_back(std::move(probed));
  }
  return probes;
}

/// Fits on the first trials and scores on those after them, one trial at a time.
class Probing {
 public:
  Probing(const Views& views, const ProbeSpec& spec) : views_(views), spec_(spec) {}

  void take(size_t trial, const RecordedTrial& recorded) {
    const auto features = views_.of(recorded);
    const auto quantities = views_.quantities(recorded);
    const auto fit = static_cast<size_t>(spec_.trials_fit);
    if (trial < fit) {
      auto& part = trial < fit - std::max<size_t>(1, fit / 4) ? fitting_ : held_out_;
      part.resize(features.size());
      for (size_t v = 0; v < features.size(); ++v) part[v].add(features[v], quantities);
      return;
    }
    if (probes_.empty())
      for (size_t v = 0; v < features.size(); ++v) probes_.push_back(fit_probe(fitting_[v], held_out_[v]));
    score(features, quantities);
  }

  const ScoredTrials& scored() const { return scored_; }

 private:
  void score(const std::vector<Eigen::MatrixXd>& features, const Eigen::MatrixXd& quantities) {
    scored_.bins.push_back(static_cast<double>(quantities.rows()));
    scored_.y.push_back(quantities.colwise().sum());
    scored_.y2.push_back(quantities.colwise().squaredNorm());
    scored_.error2.resize(features.size());
    for (size_t v = 0; v < features.size(); ++v)
      scored_.error2[v].push_back((probes_[v].predict(features[v]) - quantities).colwise().squaredNorm());
  }

  const Views& views_;
  const ProbeSpec& spec_;
  std::vector<ProbeSums> fitting_, held_out_;  // [view]
  std::vector<LinearProbe> probes_;
  ScoredTrials scored_;
};

}  // namespace

std::vector<simulate::Quantity> probed_quantities(const cell::Neuron& neuron) {
  const auto* cell = cell::compartmental(neuron);
  if (cell == nullptr) return {{"soma", "v", "mV", {0}}};
  auto all = simulate::quantities_at(*cell, "soma", 0);
  const auto add = [&](std::vector<simulate::Quantity> more) {
    std::move(more.begin(), more.end(), std::back_inserter(all));
  };
  if (cell->nexus) add(simulate::quantities_at(*cell, "nexus", *cell->nexus));
  for (const auto& site : cell->sites) add(simulate::quantities_at(*cell, site.name, site.compartment));
  for (const auto& [part, compartments] : dendrite_parts(*cell))
    add(simulate::synaptic_conductances(*cell, part, compartments));
  return all;
}

ProbeSpec read_probes(const config::Settings& settings, const cell::Neuron& cell) {
  ProbeSpec spec;
  spec.trials_fit = settings.integer("trials_fit", spec.trials_fit, {0, 1e6});
  spec.trials_score = settings.integer("trials_score", spec.trials_score, {0, 1e6});
  spec.skip_ms = settings.integer("skip_ms", spec.skip_ms, {0, 1e6});
  const auto places = texts(settings, "places"), wanted = texts(settings, "quantities");
  const auto all = probed_quantities(cell);
  std::vector<std::string> known_places, known_names;
  for (const auto& quantity : all) {
    if (!is_among(known_places, quantity.place)) known_places.push_back(quantity.place);
    known_names.push_back(quantity.name());
  }
  require_known(settings, "places", places, known_places,
                [&](const std::string& name) { return is_among(known_places, name); });
  require_known(settings, "quantities", wanted, known_names, [&](const std::string& name) {
    return std::any_of(all.begin(), all.end(),
                       [&](const simulate::Quantity& q) { return name == q.name() || name == q.what; });
  });
  if (spec.trials_fit == 0 && spec.trials_score == 0) return spec;
  if (spec.trials_fit < 2 || spec.trials_score < 2) {
    fail_input("{}: '{}' is {} and '{}' {}; expected at least 2 of each, or 0 of both for no probes",
               settings.where("trials_fit"), settings.full_key("trials_fit"), spec.trials_fit,
               settings.full_key("trials_score"), spec.trials_score);
  }
  for (const auto& quantity : all) {
    if (!places.empty() && !is_among(places, quantity.place)) continue;
    if (!wanted.empty() && !is_among(wanted, quantity.name()) && !is_among(wanted, quantity.what)) continue;
    spec.quantities.push_back(quantity);
  }
  if (spec.quantities.empty()) {
    fail_input("{}: none of '{}' is at any of '{}'", settings.where("quantities"),
               settings.full_key("quantities"), settings.full_key("places"));
  }
  return spec;
}

twin::Twin untrained_network(const twin::Twin& twin, uint64_t seed,
                             std::span<const std::vector<int32_t>> events, int64_t window_ms) {
  twin::Twin fresh(twin.spec(), twin.channels(), seed, twin.parallel);
  for (const auto& of_trial : events)
    fresh.forward(twin::SpikeWindows{of_trial, 1, window_ms}, twin::NormBy::batch);
  if (events.empty()) return fresh;
  // The averages began at 0 and 1, of which kNormKeep is left after each batch.
  const double left = std::pow(twin::kNormKeep, static_cast<double>(events.size()));
  for (const auto& [array, trained, regularised] : fresh.layout().arrays()) {
    const bool mean = array.name.ends_with("_norm_mean"), variance = array.name.ends_with("_norm_variance");
    if (!mean && !variance) continue;
    for (float& average : fresh.array(array.name))
      average = static_cast<float>((static_cast<double>(average) - (variance ? left : 0)) / (1 - left));
  }
  return fresh;
}

LayerProbes probe_layers(twin::Twin& twin, const ProbeSpec& spec, const produce::DatasetPlan& plan,
                         int threads, const Watcher& watcher, const ranks::Ranks& ranks) {
  if (spec.skip_ms >= plan.data.trial_ms) {
    fail_input("interpret.probes.skip_ms is {}, expected less than the trials' {} ms", spec.skip_ms,
               plan.data.trial_ms);
  }
  const RecordingPlan recording{spec.quantities, false,
                                static_cast<size_t>(spec.trials_fit + spec.trials_score), "probes"};
  if (!ranks.is_first()) {
    for_each_recorded(plan, recording, threads, watcher, {}, ranks);
    return {};
  }
  const int64_t excitatory = cell::excitatory_synapses(plan.cell);
  std::vector<std::vector<int32_t>> first_inputs;
  for (size_t trial = 0; trial < std::min(kStatisticsTrials, static_cast<size_t>(spec.trials_fit)); ++trial)
    first_inputs.push_back(
        events_of(stimulus::draw_input(plan.stimulus, plan.seed, random::Stage::stimulus_test, trial,
                                       plan.data.trial_ms),
                  excitatory, twin.history_ms()));
  auto untrained = untrained_network(twin, plan.seed + 1, first_inputs, plan.data.trial_ms);
  const Views views(twin, untrained, excitatory, spec.skip_ms);
  Probing probing(views, spec);
  const auto take = [&](size_t first, std::span<const RecordedTrial> recorded) {
    for (size_t i = 0; i < recorded.size(); ++i) probing.take(first + i, recorded[i]);
  };
  for_each_recorded(plan, recording, threads, watcher, take, ranks);
  return summarise(spec, twin.network().layer_names(), probing.scored(), plan.seed);
}

}  // namespace nt::interpret
