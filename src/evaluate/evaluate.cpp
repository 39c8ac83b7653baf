#include "evaluate/evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "dataset/event_support.hpp"
#include "evaluate/detail/curves.hpp"
#include "evaluate/detail/finer_scores.hpp"
#include "evaluate/detail/signal_scores.hpp"
#include "evaluate/detail/spike_timing.hpp"
#include "simulate/state_bytes.hpp"

namespace nt::evaluate {
namespace {

/// A model's answers to the validation and the test trials, scored.
TestScores score_test(std::span<const TrialComparison> valid, std::span<const TrialComparison> test,
                      const EvaluateSpec& spec, uint64_t seed, double rate_per_bin) {
  auto scored = score(valid, test, spec.skip_ms, rate_per_bin);
  auto resampled = resampled_metrics(scored, spec.bootstrap_resamples, seed);
  return {std::move(scored), std::move(resampled)};
}

void add_published(Metrics& metrics, std::span<const TrialComparison> trials, const Thresholds& thresholds,
                   double rate_per_bin) {
  const auto convention = published_convention();
  const auto bins = bins_of(trials, convention);
  if (bins.empty() || bins.front().score.empty()) return;
  const auto ranks = statistics::rank_metrics(statistics::rank(bins), kFalsePositiveRates);
  const auto voltage = voltage_metrics(total_of(score_all(trials, convention, thresholds, rate_per_bin)));
  const auto put = [&](const std::string& name, double value) {
    if (std::isfinite(value)) metrics["published." + name] = value;
  };
  put("spike.auc", ranks.auc);
  put("spike.average_precision", ranks.average_precision);
  for (size_t i = 0; i < kFalsePositiveRates.size(); ++i) {
    put(fmt::format("spike.tpr_at_fpr_{}", kFalsePositiveRates[i]), ranks.tpr[i]);
  }
  put("soma.rmse_mV", voltage.rmse_rescaled_mV);
  put("soma.variance_explained", voltage.variance_explained_rescaled);
  metrics["published.trials_dropped"] = trials.size() - bins.size();
}

/// Trials of a split with a second answer's spikes as prediction.
std::vector<TrialComparison> compare_answer(const dataset::Split& split, const SecondAnswer& answer,
                                            const SpikeKernel& kernel, double rate_per_bin) {
  std::vector<TrialComparison> trials;
  for (size_t i = 0; i < split.trials(); ++i) {
    auto trial = truth_of(split.trial(i));
    trial.spike_log_odds =
        kernel_log_odds(answer.spike_times_ms[i], trial.duration_ms(), kernel, rate_per_bin);
    trial.predicted_soma_mV = answer.soma_mV.empty() ? trial.soma_mV : answer.soma_mV[i];
    trials.push_back(std::move(trial));
  }
  return trials;
}

void require_answer(const dataset::Split& split, const SecondAnswer& answer) {
  if (answer.spike_times_ms.size() == split.trials() &&
      (answer.soma_mV.empty() || answer.soma_mV.size() == split.trials())) {
    return;
  }
  fail_run("the second answer holds {} trials, expected {}", answer.spike_times_ms.size(), split.trials());
}

std::vector<TrialComparison> truths(const dataset::Split& split) {
  std::vector<TrialComparison> trials;
  for (size_t i = 0; i < split.trials(); ++i) trials.push_back(truth_of(split.trial(i)));
  return trials;
}

std::vector<std::vector<float>> spike_times_of(const dataset::Split& split) {
  std::vector<std::vector<float>> times;
  for (size_t i = 0; i < split.trials(); ++i) {
    const auto t = split.trial(i).spike_times_ms;
    times.emplace_back(t.begin(), t.end());
  }
  return times;
}

/// What an oracle that knows the true spike times scores against labels rounded as published, under the
/// published convention.
void add_published_ceiling(Metrics& metrics, const dataset::Split& valid, const dataset::Split& test,
                           double rate_per_bin) {
  auto labels = truths(valid);
  use_published_labels(labels, valid);
  const auto kernel = choose_kernel(labels, spike_times_of(valid), rate_per_bin);
  auto trials = compare_answer(test, {spike_times_of(test), {}}, kernel, rate_per_bin);
  use_published_labels(trials, test);
  const auto bins = bins_of(trials, published_convention());
  const auto ranks = statistics::rank_metrics(statistics::rank(bins), kFalsePositiveRates);
  if (!std::isfinite(ranks.auc)) return;
  const std::string prefix = "ceiling.published_labels.";
  metrics[prefix + "kernel_sd_ms"] = kernel.sd_ms;
  metrics[prefix + "spike.auc"] = ranks.auc;
  metrics[prefix + "spike.average_precision"] = ranks.average_precision;
  for (size_t i = 0; i < kFalsePositiveRates.size(); ++i) {
    metrics[fmt::format("{}spike.tpr_at_fpr_{}", prefix, kFalsePositiveRates[i])] = ranks.tpr[i];
  }
}

void add_ceilings(Metrics& metrics, const EvaluateSpec& spec, uint64_t seed, const dataset::Split& train,
                  const dataset::Split& valid, const dataset::Split& test, double rate_per_bin) {
  for (const double sd_ms : spec.ceiling_jitter_ms) {
    const SecondAnswer of_valid{jittered(valid, sd_ms, seed), {}},
        of_test{jittered(test, sd_ms, seed + 1), {}};
    metrics.update(ceiling_metrics(fmt::format("jitter_{:g}ms", sd_ms), spec, seed, train, valid, of_valid,
                                   test, of_test));
  }
  if (spec.published_labels) add_published_ceiling(metrics, valid, test, rate_per_bin);
}

void add_baselines(Metrics& metrics, const EvaluateSpec& spec, uint64_t seed, const dataset::Split& train,
                   const dataset::Split& valid, const dataset::Split& test, double rate_per_bin,
                   const OneUnitTask* networks, std::span<const ShiftedTrials> other_inputs,
                   const twin::Parallel& parallel, const Watcher& watcher) {
  const GeneralisationScoring scoring{spec.skip_ms, spec.bootstrap_resamples, rate_per_bin, seed, watcher};
  const auto add = [&](const Baseline& b) {
    const auto prefix = fmt::format("baseline.{}.", b.name);
    metrics[prefix + "description"] = b.description;
    metrics[prefix + "parameters"] = b.parameters;
    const auto known = score_test(b.valid, b.test, spec, seed, rate_per_bin);
    put_scores(metrics, prefix, known.scored, known.resampled, is_compared);
    if (b.name == "glm")
      put_generalisation(
          metrics, prefix, other_inputs, known,
          [&](const ShiftedTrials& set) { return b.answer(set.trials); }, scoring);
    watcher.stop_here_if_asked("evaluating");
  };
  if (spec.baselines) for_each_baseline(spec.glm, train, valid, test, parallel, add);
  if (networks == nullptr) return;
  if (spec.one_unit_network) add(one_unit_network(*networks, seed, train, valid, test, parallel, watcher));
  for_each_binned_network(spec.binned, *networks, seed, train, valid, test, parallel, watcher, add);
}

void add_support(Metrics& metrics, const std::string& name, const dataset::EventSupport& support) {
  const auto prefix = fmt::format("data.{}_", name);
  metrics[prefix + "s"] = support.seconds();
  metrics[prefix + "spikes"] = support.spikes;
  metrics[prefix + "trials_with_spikes"] = support.trials_with_spikes;
  metrics[fmt::format("{}trials_above_{}_spikes", prefix, dataset::kPublishedMostSpikes)] =
      support.trials_above(dataset::kPublishedMostSpikes);
  metrics[prefix + "rate_hz"] = support.rate_hz();
}

/// All that the twin says of trials.
struct TwinAnswers {
  std::vector<TrialComparison> valid, test;
  std::map<std::string, std::vector<SignalSums>> signals;  // of each test trial, by the head that predicts it
  std::vector<std::vector<TrialComparison>> other_inputs;  // of each set
};

/// For all ranks; rank 0 has the answers.
TwinAnswers answers_of(twin::Twin& twin, const EvaluateSpec& spec, const dataset::Split& valid,
                       const dataset::Split& test, std::span<const ShiftedTrials> other_inputs,
                       const ranks::Ranks& ranks) {
  TwinAnswers answers;
  const auto for_each_signal = [&](auto&& f) {
    for (const auto& head : twin.spec().heads)
      if (const auto& signal = twin::head_kind(head.name).signal; !signal.empty()) f(head, signal);
  };
  const MadeOfPrediction sums{
      [&](const dataset::TrialView& trial, const twin::Prediction& predicted) {
        simulate::StateWriter made;
        for_each_signal([&](const twin::Head& head, const std::string& signal) {
          put(made, score_signal(trial.signal(signal), predicted.of(head.name), head.outputs, spec.skip_ms));
        });
        return made.take();
      },
      [&](const std::string& made) {
        simulate::StateReader from(made);
        for_each_signal([&](const twin::Head& head, const std::string&) {
          answers.signals[head.name].push_back(next_signal_sums(from));
        });
      }};
  answers.test = compare(twin, test, ranks, sums);
  answers.valid = compare(twin, valid, ranks);
  for (const auto& set : other_inputs) answers.other_inputs.push_back(compare(twin, set.trials, ranks));
  return answers;
}

}  // namespace

EvaluateSpec read_evaluate(const config::Settings& settings) {
  EvaluateSpec spec;
  spec.bootstrap_resamples = settings.integer("bootstrap_resamples", spec.bootstrap_resamples, {10, 1e6});
  spec.skip_ms = settings.integer("skip_ms", spec.skip_ms, config::kNotNegative);
  spec.examples = settings.integer("examples", spec.examples, {0, 100});
  spec.baselines = settings.flag("baselines", spec.baselines);
  spec.one_unit_network = settings.flag("one_unit_network", spec.one_unit_network);
  spec.binned.rates = settings.flag("rate_network", spec.binned.rates);
  spec.binned.binary = settings.flag("binary_network", spec.binned.binary);
  spec.binned.trees = settings.integer("k_tree", spec.binned.trees, {0, 1000});
  spec.binned.bin_ms = settings.integer("input_bins_ms", spec.binned.bin_ms, {1, 10000});
  spec.glm.trials = settings.integer("glm_trials", spec.glm.trials, {1, 1e6});
  spec.glm.passes = static_cast<int>(settings.integer("glm_passes", spec.glm.passes, {1, 1e5}));
  spec.ceiling_jitter_ms = settings.numbers("ceiling_jitter_ms", spec.ceiling_jitter_ms, {0, 1000});
  constexpr std::array<std::string_view, 2> labels{"exact", "published"};
  spec.published_labels = settings.choice("labels", labels, "exact") == "published";
  return spec;
}

Metrics ceiling_metrics(const std::string& name, const EvaluateSpec& spec, uint64_t seed,
                        const dataset::Split& train, const dataset::Split& valid_split,
                        const SecondAnswer& valid, const dataset::Split& test_split,
                        const SecondAnswer& test) {
  require_answer(valid_split, valid);
  require_answer(test_split, test);
  Metrics metrics;
  const double rate_per_bin = spikes_per_bin(train);
  const auto kernel = choose_kernel(truths(valid_split), valid.spike_times_ms, rate_per_bin);
  const auto prefix = fmt::format("ceiling.{}.", name);
  metrics[prefix + "kernel_sd_ms"] = kernel.sd_ms;
  const auto scored =
      score(compare_answer(valid_split, valid, kernel, rate_per_bin),
            compare_answer(test_split, test, kernel, rate_per_bin), spec.skip_ms, rate_per_bin);
  put_scores(metrics, prefix, scored, resampled_metrics(scored, spec.bootstrap_resamples, seed),
             [&](std::string_view metric) {
               return is_compared(metric) && (metric.starts_with("spike.") || !test.soma_mV.empty());
             });
  return metrics;
}

Evaluation evaluate(twin::Twin& twin, const EvaluateSpec& spec, uint64_t seed, const dataset::Split& train,
                    const dataset::Split& valid, const dataset::Split& test, const Watcher& watcher,
                    const OneUnitTask* networks, std::span<const ShiftedTrials> other_inputs,
                    const ranks::Ranks& ranks) {
  const auto tell = [&](double done, const char* note) {
    watcher.tell({"evaluate", done, 5, "parts", note, false});
    watcher.stop_here_if_asked("evaluating");
  };
  if (spec.skip_ms >= test.duration_ms()) {
    fail_input("evaluate.skip_ms is {} ms, expected less than the trials' {} ms", spec.skip_ms,
               test.duration_ms());
  }
  tell(0, "validation and test set");
  auto answers = answers_of(twin, spec, valid, test, other_inputs, ranks);
  if (!ranks.is_first()) return {};
  auto& trials = answers.test;
  const std::array<std::pair<std::string, dataset::EventSupport>, 3> supports{
      {{"train", dataset::event_support(train)},
       {"valid", dataset::event_support(valid)},
       {"test", dataset::event_support(test)}}};
  const double rate_per_bin = spikes_per_bin(supports.front().second);
  const auto known = score_test(answers.valid, trials, spec, seed, rate_per_bin);
  const auto& scored = known.scored;
  tell(1, "bootstrap");

  Evaluation out;
  auto& metrics = out.metrics;
  put_scores(metrics, "", scored, known.resampled, [](std::string_view) { return true; });
  for (const auto& [head, sums] : answers.signals)
    metrics.update(signal_scores(head, sums, spec.bootstrap_resamples, seed));
  const bool has_spikes = scored.total.spikes > 0;
  const auto& thresholds = scored.thresholds;
  if (has_spikes) {
    for (size_t i = 0; i < kFalsePositiveRates.size(); ++i) {
      metrics[fmt::format("spike.threshold_at_fpr_{}", kFalsePositiveRates[i])] =
          probability(thresholds.at_rate[i]);
    }
    metrics["spike.threshold"] = probability(thresholds.spike);
    metrics["spike.threshold_choice"] = "highest F1 at +-2 ms on the validation set";
  }
  for (const auto& [name, support] : supports) add_support(metrics, name, support);
  metrics["twin.parameters"] = twin.parameter_count();
  metrics["twin.depth"] = twin.network().depth();
  metrics["twin.width"] = twin.network().width();
  metrics["twin.window_ms"] = twin.network().window_ms();
  metrics["soma.away_from_spikes_ms"] = std::vector<int64_t>{-kBeforeSpike_ms, kAfterSpike_ms};
  const auto finer = finer_scores(trials, thresholds, spec.skip_ms, spec.bootstrap_resamples, seed);
  put_finer_scores(metrics, finer, has_spikes);
  tell(2, "curves");
  const auto correlation = cross_correlation(trials, thresholds.spike);
  if (has_spikes) {
    auto& curves =
        out.curves.spikes.emplace(spike_curves(scored.table, trials, thresholds, scored.total, correlation));
    curves.calibration_groups = finer.calibration_groups;
    curves.trial_rates = trial_rates(supports);
    metrics.update(cross_correlation_metrics(correlation));
  }
  out.curves.voltage_mV = voltage_histogram(trials);
  out.curves.examples = example_trials(trials, test, thresholds.spike, spec.examples);
  if (spec.published_labels) use_published_labels(trials, test);
  metrics["published.labels"] = spec.published_labels ? "published" : "exact";
  add_published(metrics, trials, thresholds, rate_per_bin);
  if (!other_inputs.empty()) {
    tell(3, "other inputs");
    put_generalisation(
        metrics, "", other_inputs, known,
        [&](const ShiftedTrials& set) { return std::move(answers.other_inputs[&set - other_inputs.data()]); },
        {spec.skip_ms, spec.bootstrap_resamples, rate_per_bin, seed, watcher});
    for (const auto& set : other_inputs) out.curves.other_inputs.push_back({set.name, set.words});
  }
  tell(3, "noise ceiling");
  if (has_spikes) add_ceilings(metrics, spec, seed, train, valid, test, rate_per_bin);
  tell(4, "baselines");
  add_baselines(metrics, spec, seed, train, valid, test, rate_per_bin, networks, other_inputs, twin.parallel,
                watcher);
  tell(5, "");
  return out;
}

}  // namespace nt::evaluate
