#pragma once
#include "neurontwin/run.hpp"
#include "progress/watcher.hpp"
#include "run/run_folder.hpp"

namespace nt::run {

/// The stages of `run` in order. Each does nothing if it has been done with the same inputs, and goes on
/// where it was interrupted.
using neurontwin::name_of;
using StageName = neurontwin::Stage;

/// Runs one stage, or all up to the report, in the run folder.
void run_stage(StageName stage, const Experiment& experiment, const Options& options, const Watcher& watcher);
void run_all(const Experiment& experiment, const Options& options, const Watcher& watcher);

/// Simulates some of the data set's shards, beside other programs that make others in the same run folder:
/// "FROM:TO" (counted from 0, TO not among them), "FROM:" (to the last), or "PART/PARTS" (counted from 0).
/// InputError where the words mean no shards of the experiment. Returns the number of simulated trials.
int64_t simulate_shards(const std::string& which, const Experiment& experiment, const Options& options,
                        const Watcher& watcher);

// One stage, in its own file. Errors as they come.
void simulate_stage(RunFolder& run);
void train_stage(RunFolder& run);
/// InputError where the ranks or the device could not train the twin, before they simulate what they would
/// train it on.
void require_training_possible(const RunFolder& run);
/// Both, as train.starts_with_trials asks: training begins as soon as its first trials are there, and the
/// others are simulated beside it.
void simulate_and_train(RunFolder& run);
void evaluate_stage(RunFolder& run);
void interpret_stage(RunFolder& run);
void report_stage(RunFolder& run);

/// What checkpoints are known by.
std::string name_of_training(const Experiment& experiment, const std::string& train_data,
                             const std::string& valid_data);

}  // namespace nt::run
