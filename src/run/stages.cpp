#include "run/stages.hpp"

#include "run/detail/by_ranks.hpp"
#include "run/detail/reasons.hpp"
#include "run/run_plan.hpp"

namespace nt::run {
namespace {

/// A stage, what it is called in messages, and the settings that its memory follows from.
struct Stage {
  void (*run)(RunFolder&);
  std::string_view doing, settings;
};

constexpr Stage kSimulate{simulate_stage, "simulating", "data.trials_per_shard, data.trial_ms or --threads"};
constexpr Stage kTrain{train_stage, "training",
                       "train.batch_windows, train.window_ms, twin.width or twin.taps"};
constexpr Stage kSimulateAndTrain{
    simulate_and_train, "simulating and training",
    "data.trials_per_shard, data.trial_ms, train.batch_windows, train.window_ms, twin.width or twin.taps"};
constexpr Stage kEvaluate{
    evaluate_stage, "evaluating",
    "data.test_trials, data.valid_trials, data.trial_ms or evaluate.bootstrap_resamples"};
constexpr Stage kInterpret{interpret_stage, "interpreting",
                           "interpret.moments, interpret.attributed_spikes, interpret.added_spikes or "
                           "interpret.probes.trials_score"};
constexpr Stage kReport{report_stage, "making the report",
                        "the number of compartments (compartment_spacing_um in the cell)"};

void work_on(const Stage& stage, RunFolder& run) {
  with_reasons(stage.doing, stage.settings, [&] { stage.run(run); });
}

const Stage& stage_of(StageName name) {
  switch (name) {
    case StageName::simulate:
      return kSimulate;
    case StageName::train:
      return kTrain;
    case StageName::evaluate:
      return kEvaluate;
    case StageName::interpret:
      return kInterpret;
    case StageName::report:
      break;
  }
  return kReport;
}

}  // namespace

void run_stage(StageName stage, const Experiment& experiment, const Options& options,
               const Watcher& watcher) {
  if (stage == StageName::report && !options.ranks->is_first()) return;
  if (stage != StageName::report) require_same_on_all_ranks(experiment, options);
  require_suits_device(experiment, options, {&stage, 1});
  RunFolder run(experiment, options, watcher);
  if (stage != StageName::report) require_seen_by_all_ranks(run);
  work_on(stage_of(stage), run);
}

void run_all(const Experiment& experiment, const Options& options, const Watcher& watcher) {
  require_same_on_all_ranks(experiment, options);
  require_suits_device(experiment, options, neurontwin::kAllStages);
  RunFolder run(experiment, options, watcher);
  require_seen_by_all_ranks(run);
  const auto work_on_numbered = [&](int number, const Stage& stage) {
    run.watcher.note(fmt::format("stage {} of 5: {}", number, stage.doing));
    work_on(stage, run);
  };
  require_training_possible(run);
  // Many ranks are enough for either; the result is the same.
  if (experiment.train.starts_with_trials > 0 && options.ranks->size() == 1) {
    watcher.note("stages 1 and 2 of 5: simulating, and training beside it");
    work_on(kSimulateAndTrain, run);
  } else {
    work_on_numbered(1, kSimulate);
    work_on_numbered(2, kTrain);
  }
  if (options.ranks->is_first()) run.remember_experiment();
  work_on_numbered(3, kEvaluate);
  work_on_numbered(4, kInterpret);
  if (!options.ranks->is_first()) return;
  work_on_numbered(5, kReport);
}

}  // namespace nt::run
