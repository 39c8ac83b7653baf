#include "interpret/filters.hpp"
#include "produce/calibrate.hpp"
#include "run/detail/curves_json.hpp"
#include "run/detail/json_kinds.hpp"
#include "run/detail/on_device.hpp"
#include "run/metrics_json.hpp"
#include "run/stages.hpp"
#include "twin/saved_twin.hpp"

namespace nt::run {
namespace {

using Json = nlohmann::ordered_json;

StageInputs evaluation_inputs(RunFolder& run) {
  std::vector<std::string> files{kTwinFile, "dataset/train", "dataset/valid", "dataset/test"};
  for (const auto& set : run.experiment.generalisation.sets) files.push_back("dataset/ood-" + set.name);
  return {run.experiment.determines.evaluate, run.contents(files)};
}

/// The trials of other input distributions, simulated where they are missing.
std::vector<evaluate::ShiftedTrials> generalise(RunFolder& run, const produce::DatasetPlan& plan) {
  if (run.experiment.generalisation.sets.empty()) return {};
  auto trials = evaluate::shifted_trials(run.experiment.generalisation, plan, run.dataset, run.threads,
                                         run.watcher, run.ranks);
  run.forget_contents();
  return trials;
}

/// Whoever gets the twin's file alone finds in it how good it is, and from which probability on it spikes.
void note_scores(const RunFolder& run, const Json& metrics) {
  auto [twin, stored] = twin::load_twin(run.twin_path());
  const auto before = stored;
  stored.thresholds = stored.scores = nlohmann::json::object();
  for (const auto& [key, value] : metrics.items()) {
    if (key == "spike.threshold" || key.starts_with("spike.threshold_at_fpr_")) {
      if (value.is_number()) stored.thresholds[key] = value;
    } else if (key.starts_with("spike.") || key.starts_with("soma.") || key.starts_with("dendrites.")) {
      stored.scores[key] = value;
    }
  }
  if (stored.thresholds == before.thresholds && stored.scores == before.scores) return;
  files::write_file_atomically(run.twin_path(), twin::twin_bytes(twin, stored));
}

std::optional<evaluate::SequenceAnswers> sequence_answers(const RunFolder& run,
                                                          const produce::DatasetPlan& plan,
                                                          twin::Twin& twin) {
  if (run.experiment.sequences.orders == 0) return {};
  auto answers = evaluate::simulate_sequences(run.experiment.sequences, plan.cell, plan.simulation,
                                              run.experiment.seed, run.threads, *run.ranks);
  if (run.ranks->is_first())
    answers.twin_peak_mV = evaluate::twin_peaks(twin, run.experiment.sequences, run.experiment.seed);
  return answers;
}

bool evaluated_before(RunFolder& run) {
  run.require_same_experiment({"simulate", "train"});
  if (run.done_before("evaluate", evaluation_inputs(run), {"metrics.json", "curves.json"})) {
    note_scores(run,
                read_run_json(run.folder / "metrics.json"));  // the twin's file may have been made again
    return true;
  }
  return false;
}

}  // namespace

void evaluate_stage(RunFolder& run) {
  const auto& ranks = *run.ranks;
  if (ranks::first_says(ranks, [&] { return evaluated_before(run); }))
    return run.watcher.note("evaluate: done before");
  const auto train_split = run.open("train"), valid_split = run.open("valid"), test_split = run.open("test");
  if (ranks.is_first()) {
    run.require_results("train", {"dataset/train", "dataset/valid"}, {kTwinFile});
    run.remember_experiment();
  }
  auto twin = twin_on_device(run, "evaluate");
  const auto plan = on_device(run.experiment.plan, run, "evaluate");
  const auto other_inputs = generalise(run, plan);
  const double start = seconds_now();
  const auto sequences = sequence_answers(run, plan, twin);
  const auto interventions =
      interpret::intervention_scores(twin, plan, test_split, run.experiment.interventions,
                                     run.experiment.evaluate.bootstrap_resamples, run.threads, ranks);
  const evaluate::OneUnitTask networks{
      run.experiment.twin,
      run.experiment.convolutional,
      run.experiment.train,
      run.folder / "checkpoints-one-unit",
      name_of_training(run.experiment, train_split.digest(), valid_split.digest()),
      dataset::cell_table(run.experiment.plan.cell),
      run.device()};
  auto evaluation = evaluate::evaluate(
      twin, run.experiment.evaluate, run.experiment.seed, train_split, valid_split, test_split, run.watcher,
      run.experiment.evaluate.trains_networks() ? &networks : nullptr, other_inputs, ranks);
  if (!ranks.is_first()) return;
  if (sequences) {
    evaluation.metrics.update(evaluate::sequence_metrics(
        *sequences, run.experiment.evaluate.bootstrap_resamples, run.experiment.seed));
    evaluation.curves.sequences = *sequences;
  }
  evaluation.metrics.update(interventions);
  evaluation.metrics.update(interpret::filter_metrics(
      interpret::interpret_filters(twin, cell::excitatory_synapses(run.experiment.plan.cell),
                                   cell::membrane_time_constant_ms(run.experiment.plan.cell),
                                   run.experiment.seed, cell::named_groups(run.experiment.plan.cell))));
  if (const auto calibration = produce::read_calibration_result(run.experiment.plan, run.dataset)) {
    evaluation.metrics["calibration.factor"] = calibration->factor;
    evaluation.metrics["calibration.output_hz"] = calibration->output_hz;
  }
  const double seconds = seconds_now() - start;
  evaluation.metrics["timing.simulate_s"] = run.log().seconds("simulate");
  evaluation.metrics["timing.train_s"] = run.log().seconds("train");
  evaluation.metrics["timing.evaluate_s"] = seconds;
  const auto metrics = metrics_json(evaluation.metrics);
  files::write_file_atomically(run.folder / "curves.json", curves_json(evaluation.curves).dump() + "\n");
  files::write_file_atomically(run.folder / "metrics.json", metrics.dump(1) + "\n");
  note_scores(run, metrics);
  run.finish("evaluate", evaluation_inputs(run), {"metrics.json", "curves.json"}, seconds);
  run.watcher.note(fmt::format("evaluate: {:.1f} s", seconds));
}

}  // namespace nt::run
