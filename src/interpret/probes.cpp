#include "interpret/probes.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "evaluate/bootstrap.hpp"
#include "interpret/dendrite_parts.hpp"
#include "interpret/linear_probe.hpp"
#include "interpret/recorded_trials.hpp"

namespace neurontwin {
namespace {

using Json = nlohmann::ordered_json;

/// The somatic voltage at these lags, in two parts each, up to where spikes begin and beyond, is what the
/// regression without a network is told.
constexpr std::array<int64_t, 7> kLags_ms{0, 1, 2, 5, 10, 20, 50};
constexpr double kSpikesBegin_mV = -55;
constexpr size_t kStatisticsTrials = 8;  // for the running averages of the network that was not trained
constexpr size_t kResamples = 500;

bool is_among(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> texts(const Settings& settings, std::string_view key) {
  return settings.has(key) ? settings.texts(key) : std::vector<std::string>{};
}

/// InputError unless each of the names that `key` asks for is known.
template <class IsKnown>
void require_known(const Settings& settings, std::string_view key, const std::vector<std::string>& asked,
                   const std::vector<std::string>& known, IsKnown&& is_known) {
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
  Views(Twin& trained, Twin& untrained, int64_t excitatory_synapses, int64_t skip_ms)
      : trained_(trained), untrained_(untrained), excitatory_(excitatory_synapses), skip_ms_(skip_ms) {}

  std::vector<torch::Tensor> of(const RecordedTrial& trial) const {
    const auto duration_ms = static_cast<int64_t>(trial.soma_mV.size());
    const auto events = events_of(trial.input, excitatory_, trained_->history_ms());
    std::vector<torch::Tensor> views;
    for (auto* twin : {&trained_, &untrained_})
      for (const auto& layer : (*twin)->hidden(events, 1, duration_ms))
        views.push_back(counted(layer.squeeze(0).to(torch::kCPU)));
    views.push_back(counted(lagged_voltage(trial)));
    return views;
  }

  torch::Tensor quantities(const RecordedTrial& trial) const {
    std::vector<torch::Tensor> columns;
    for (const auto& values : trial.quantities) columns.push_back(torch::tensor(values, torch::kFloat64));
    return counted(torch::stack(columns, 1));
  }

 private:
  torch::Tensor counted(const torch::Tensor& of_ms) const {
    return of_ms.narrow(0, skip_ms_, of_ms.size(0) - skip_ms_);
  }

  static torch::Tensor lagged_voltage(const RecordedTrial& trial) {
    const auto v = torch::tensor(trial.soma_mV, torch::kFloat64);
    std::vector<torch::Tensor> columns;
    for (const int64_t lag : kLags_ms) {
      const auto then =
          torch::cat({v.narrow(0, 0, 1).expand({std::min(lag, v.size(0))}), v}).narrow(0, 0, v.size(0));
      const auto below = then.clamp_max(kSpikesBegin_mV);
      columns.push_back(below);
      columns.push_back(then - below);
    }
    return torch::stack(columns, 1);
  }

  Twin &trained_, &untrained_;
  int64_t excitatory_, skip_ms_;
};

/// Sums over the bins of the scored trials, from which the variance explained follows for any of their
/// resamples.
struct ScoredTrials {
  std::vector<torch::Tensor> bins, y, y2;          // [trial], [quantity] each; bins []
  std::vector<std::vector<torch::Tensor>> error2;  // [view][trial], [quantity] each
};

/// 1 - mean squared error / variance of the quantities about their mean over the trials so weighted:
/// weight [resample][trial], result [resample][quantity]. NaN of what does not vary.
torch::Tensor variance_explained(const ScoredTrials& s, size_t view, const torch::Tensor& weight) {
  const auto total = [&](const std::vector<torch::Tensor>& of_trials) {
    return weight.matmul(torch::stack(of_trials));
  };
  const auto bins = weight.matmul(torch::stack(s.bins)).unsqueeze(1);
  const auto mean = total(s.y) / bins, square = total(s.y2) / bins;
  const auto variance = square - mean * mean;
  const auto explained = 1 - total(s.error2[view]) / bins / variance;
  return torch::where(variance > 1e-12 * square, explained, torch::full_like(explained, NAN));
}

/// [value, low, high] with a 95 % interval; null where there is none. `resampled` [resample].
Json with_interval(double value, const torch::Tensor& resampled) {
  if (!std::isfinite(value)) return nullptr;
  const auto dense = resampled.contiguous();
  const auto [low, high] =
      percentile_interval({dense.data_ptr<double>(), dense.data_ptr<double>() + dense.numel()}, 0.95);
  const auto rounded = [](double x) { return std::round(x * 1e5) / 1e5; };
  return {rounded(value), rounded(low), rounded(high)};
}

/// What is written of each quantity.
class Scores {
 public:
  Scores(const ScoredTrials& scored, uint64_t seed) {
    const auto trials = scored.bins.size();
    const auto drawn = resampling_weights(trials, kResamples, seed);
    const auto weight =
        torch::tensor(drawn, torch::kFloat64).view({static_cast<int64_t>(trials), -1}).t().contiguous();
    const auto once = torch::ones({1, static_cast<int64_t>(trials)}, torch::kFloat64);
    for (size_t view = 0; view < scored.error2.size(); ++view) {
      value_.push_back(variance_explained(scored, view, once).squeeze(0));
      resampled_.push_back(variance_explained(scored, view, weight));
    }
  }

  Json of(size_t view, int64_t quantity) const {
    return with_interval(value_[view][quantity].item<double>(), resampled_[view].select(1, quantity));
  }
  Json difference(size_t view, size_t other, int64_t quantity) const {
    return with_interval((value_[view] - value_[other])[quantity].item<double>(),
                         (resampled_[view] - resampled_[other]).select(1, quantity));
  }

 private:
  std::vector<torch::Tensor> value_, resampled_;  // [quantity], [resample][quantity]
};

std::vector<std::string> layer_names(const TwinSpec& spec) {
  if (spec.recurrent) return {"memory"};
  std::vector<std::string> names;
  for (int64_t i = 1; i <= spec.depth(); ++i) names.push_back(fmt::format("layer {}", i));
  return names;
}

Json document(const ProbeSpec& spec, const TwinSpec& twin, const ScoredTrials& scored, uint64_t seed) {
  const auto names = layer_names(twin);
  const size_t layers = names.size(), voltage = 2 * layers;
  const Scores scores(scored, seed);
  auto quantities = Json::array();
  for (size_t k = 0; k < spec.quantities.size(); ++k) {
    const auto q = static_cast<int64_t>(k);
    const auto& quantity = spec.quantities[k];
    Json trained = Json::array(), untrained = Json::array(), over_untrained = Json::array(),
         over_voltage = Json::array();
    for (size_t layer = 0; layer < layers; ++layer) {
      trained.push_back(scores.of(layer, q));
      untrained.push_back(scores.of(layers + layer, q));
      over_untrained.push_back(scores.difference(layer, layers + layer, q));
      over_voltage.push_back(scores.difference(layer, voltage, q));
    }
    quantities.push_back({{"name", quantity.name()},
                          {"place", quantity.place},
                          {"what", quantity.what},
                          {"unit", quantity.unit},
                          {"trained", trained},
                          {"untrained", untrained},
                          {"voltage", scores.of(voltage, q)},
                          {"trained_minus_untrained", over_untrained},
                          {"trained_minus_voltage", over_voltage}});
  }
  return {{"trials_fit", spec.trials_fit},
          {"trials_score", spec.trials_score},
          {"skip_ms", spec.skip_ms},
          {"voltage_lags_ms", kLags_ms},
          {"layers", names},
          {"quantities", quantities}};
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
  void score(const std::vector<torch::Tensor>& features, const torch::Tensor& quantities) {
    scored_.bins.push_back(torch::tensor(static_cast<double>(quantities.size(0)), torch::kFloat64));
    scored_.y.push_back(quantities.sum(0));
    scored_.y2.push_back((quantities * quantities).sum(0));
    scored_.error2.resize(features.size());
    for (size_t v = 0; v < features.size(); ++v) {
      const auto error = probes_[v].predict(features[v]) - quantities;
      scored_.error2[v].push_back((error * error).sum(0));
    }
  }

  const Views& views_;
  const ProbeSpec& spec_;
  std::vector<ProbeSums> fitting_, held_out_;  // [view]
  std::vector<LinearProbe> probes_;
  ScoredTrials scored_;
};

}  // namespace

std::vector<Quantity> probed_quantities(const Neuron& neuron) {
  const auto* cell = std::get_if<DetailedCell>(&neuron);
  if (cell == nullptr) return {{"soma", "v", "mV", {0}}};
  auto all = quantities_at(*cell, "soma", 0);
  const auto add = [&](std::vector<Quantity> more) {
    std::move(more.begin(), more.end(), std::back_inserter(all));
  };
  if (cell->nexus) add(quantities_at(*cell, "nexus", *cell->nexus));
  for (const auto& site : cell->sites) add(quantities_at(*cell, site.name, site.compartment));
  for (const auto& [part, compartments] : dendrite_parts(*cell))
    add(synaptic_conductances(*cell, part, compartments));
  return all;
}

ProbeSpec read_probes(const Settings& settings, const Neuron& cell) {
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
                       [&](const Quantity& q) { return name == q.name() || name == q.what; });
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

Twin untrained_network(const TwinImpl& twin, uint64_t seed, std::span<const torch::Tensor> events,
                       int64_t window_ms) {
  torch::NoGradGuard no_gradient;
  Twin fresh(twin.spec(), twin.channels(), seed);
  fresh->to(twin.spike_weight.device());
  fresh->train();
  for (const auto& of_trial : events) fresh->forward(of_trial, 1, window_ms);
  fresh->eval();
  // The averages began at 0 and 1, of which kNormKeep is left after each batch.
  const double left = std::pow(kNormKeep, static_cast<double>(events.size()));
  for (auto& buffer : fresh->named_buffers()) {
    const bool mean = buffer.key().ends_with("_norm_mean"),
               variance = buffer.key().ends_with("_norm_variance");
    if (!events.empty() && (mean || variance)) buffer.value().sub_(variance ? left : 0).div_(1 - left);
  }
  return fresh;
}

nlohmann::ordered_json probe_layers(Twin& twin, const ProbeSpec& spec, const DatasetPlan& plan, int threads,
                                    const ProgressListener& listener) {
  torch::NoGradGuard no_gradient;
  if (spec.skip_ms >= plan.data.trial_ms) {
    fail_input("interpret.probes.skip_ms is {}, expected less than the trials' {} ms", spec.skip_ms,
               plan.data.trial_ms);
  }
  const int64_t excitatory = excitatory_synapses(plan.cell);
  std::vector<torch::Tensor> first_inputs;
  for (size_t trial = 0; trial < std::min(kStatisticsTrials, static_cast<size_t>(spec.trials_fit)); ++trial)
    first_inputs.push_back(
        events_of(draw_input(plan.stimulus, plan.seed, Stage::stimulus_test, trial, plan.data.trial_ms),
                  excitatory, twin->history_ms()));
  auto untrained = untrained_network(*twin, plan.seed + 1, first_inputs, plan.data.trial_ms);
  const Views views(twin, untrained, excitatory, spec.skip_ms);
  Probing probing(views, spec);
  for_each_recorded_trial(
      plan, {spec.quantities, false, static_cast<size_t>(spec.trials_fit + spec.trials_score), "probes"},
      threads, listener, [&](size_t trial, const RecordedTrial& recorded) { probing.take(trial, recorded); });
  return document(spec, twin->spec(), probing.scored(), plan.seed);
}

}  // namespace neurontwin
