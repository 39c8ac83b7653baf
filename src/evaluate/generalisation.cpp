#include "evaluate/generalisation.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "ranks/deal_out.hpp"

namespace nt::evaluate {
namespace {

/// Whether there is a spike to find or not.
constexpr std::array<std::string_view, 2> kWithoutSpikes{"spike.expected_rate_hz",
                                                         "spike.false_positives_per_s_at_fpr_0.0025"};
/// Higher is better in all of these.
constexpr std::array<std::string_view, 3> kDrops{"spike.auc", "spike.tpr_at_fpr_0.0025",
                                                 "soma.variance_explained"};

bool is_wanted(std::string_view name) {
  return is_compared(name) || name == "spike.base_rate_hz" ||
         std::ranges::find(kWithoutSpikes, name) != kWithoutSpikes.end();
}

double value_of(const NamedMetrics& metrics, std::string_view name) {
  const auto it = std::ranges::find_if(metrics, [&](const auto& metric) { return metric.first == name; });
  return it != metrics.end() ? it->second : std::nan("");
}

/// A value that no resample has is written without an interval.
void put_drawn(Metrics& metrics, const std::string& key, double value, std::vector<double> resampled) {
  const auto drawn = statistics::estimate(value, std::move(resampled));
  if (std::isfinite(drawn.low))
    metrics.put(key, drawn);
  else
    metrics[key] = value;
}

/// The test set's scores less these.
void put_drops(Metrics& metrics, const std::string& prefix, const TestScores& test, const Scored& set,
               const ResampledMetrics& resampled) {
  const auto of_test = metrics_of(test.scored), of_set = metrics_of(set);
  for (const auto& drop : kDrops) {
    const std::string name(drop);
    const double value = value_of(of_test, name) - value_of(of_set, name);
    if (!std::isfinite(value)) continue;
    auto values = test.resampled.at(name);
    for (size_t b = 0; b < values.size(); ++b) values[b] -= resampled.at(name)[b];
    put_drawn(metrics, prefix + "drop." + name, value, std::move(values));
  }
}

void put_set(Metrics& metrics, const std::string& prefix, const TestScores& test, const Scored& set,
             const GeneralisationScoring& scoring, uint64_t seed) {
  const auto resampled = resampled_metrics(set, scoring.resamples, seed);
  put_scores(metrics, prefix, set, resampled, is_wanted);
  if (set.total.spikes == 0 && test.scored.total.spikes > 0) {
    for (const auto& kept : kWithoutSpikes) {
      const std::string name(kept);
      put_drawn(metrics, prefix + name, value_of(metrics_of(set), name), resampled.at(name));
    }
  }
  put_drops(metrics, prefix, test, set, resampled);
}

/// What a set holds. Of a neuron that never spikes few spikes are no news.
void put_support(Metrics& metrics, const std::string& prefix, const ShiftedTrials& set, bool should_spike) {
  const auto support = dataset::event_support(set.trials);
  metrics[prefix + "words"] = set.words;
  metrics[prefix + "trials"] = support.trials();
  metrics[prefix + "data_s"] = support.seconds();
  metrics[prefix + "spikes"] = support.spikes;
  metrics[prefix + "trials_with_spikes"] = support.trials_with_spikes;
  if (should_spike && support.spikes < dataset::kFewSpikes) {
    metrics[prefix + "note"] =
        fmt::format("{} output spike{} in {} trials ({:g} s): {}",
                    support.spikes == 0 ? "no" : fmt::to_string(support.spikes),
                    support.spikes > 1 ? "s" : "", support.trials(), support.seconds(),
                    support.spikes == 0 ? "no scores of spikes" : "scores of spikes say little");
  }
}

/// The sets, each of which needs something of the neuron, fit it. "possible here: rates_low, ..."
void require_possible(const std::vector<stimulus::ShiftedSet>& sets, const config::Settings& settings,
                      const cell::Neuron& neuron) {
  const bool has_dendrites = cell::compartmental(neuron) != nullptr;
  const bool has_inhibition = cell::inhibitory_synapses(neuron) > 0;
  const auto refuse = [&](const stimulus::ShiftedSet& set, std::string_view why) {
    std::vector<std::string> possible;
    for (const auto& name : stimulus::shifted_set_names()) {
      const bool clusters = name == "clusters" || name == "published_mixture";
      if ((has_dendrites || !clusters) && (has_inhibition || name != "no_inhibition"))
        possible.push_back(name);
    }
    fail_input("{}: '{}' names the set \"{}\", but {}; possible for this neuron: {}", settings.where("sets"),
               settings.full_key("sets"), set.name, why, fmt::join(possible, ", "));
  };
  for (const auto& set : sets) {
    if (set.shift.needs_clusters() && !has_dendrites)
      refuse(set, "a point neuron has no dendrites whose synapses could be grouped");
    if (set.shift.without_inhibition == stimulus::WhichTrials::all && !has_inhibition)
      refuse(set, "the neuron has no inhibitory synapses, so nothing would change");
  }
}

}  // namespace

GeneralisationSpec read_generalisation(const config::Settings& settings, const cell::Neuron& neuron) {
  GeneralisationSpec spec;
  spec.sets = stimulus::read_shifted_sets(settings);
  spec.trials = settings.integer("trials", spec.trials, {1, 1e6});
  spec.clusters.count = settings.integer("clusters", spec.clusters.count, {2, 1e4});
  spec.clusters.fit_trials = settings.integer("clusters_fit_trials", spec.clusters.fit_trials, {1, 128});
  require_possible(spec.sets, settings, neuron);
  return spec;
}

std::vector<ShiftedTrials> shifted_trials(const GeneralisationSpec& spec, const produce::DatasetPlan& plan,
                                          const std::filesystem::path& folder, int threads,
                                          const Watcher& watcher,
                                          const std::shared_ptr<const ranks::Ranks>& ranks) {
  std::vector<produce::SplitPlan> splits;
  for (const auto& set : spec.sets) {
    produce::SplitPlan split{"ood-" + set.name, set.stage, spec.trials, set.shift, ""};
    std::string fit;
    if (set.shift.needs_clusters()) {
      split.shift.clusters = ranks::first_then_others(*ranks, [&] {
        return produce::make_synapse_clusters(plan, spec.clusters, folder, threads, watcher);
      });
      fit = fmt::format("clusters_fit_trials = {}\n", spec.clusters.fit_trials);
    }
    split.configuration = stimulus::determining_text(split.shift) + fit;
    splits.push_back(std::move(split));
  }
  produce::make_splits(plan, splits, folder, threads, watcher, {{}, nullptr, ranks});
  std::vector<ShiftedTrials> sets;
  for (size_t i = 0; i < splits.size(); ++i)
    sets.push_back({spec.sets[i].name, spec.sets[i].words, produce::open_split(plan, folder, splits[i])});
  return sets;
}

void put_generalisation(Metrics& metrics, const std::string& model, std::span<const ShiftedTrials> sets,
                        const TestScores& test, const Answer& answer, const GeneralisationScoring& scoring) {
  uint64_t seed = scoring.seed;
  for (const auto& set : sets) {
    scoring.watcher.stop_here_if_asked("evaluating");
    const auto prefix = fmt::format("generalisation.{}.", set.name);
    if (model.empty()) put_support(metrics, prefix, set, test.scored.total.spikes > 0);
    const auto scored = score(answer(set), test.scored.thresholds, scoring.skip_ms, scoring.rate_per_bin);
    put_set(metrics, prefix + model, test, scored, scoring, ++seed);
  }
}

}  // namespace nt::evaluate
