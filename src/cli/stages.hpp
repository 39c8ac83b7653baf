#pragma once
#include "cli/experiment.hpp"

namespace neurontwin {

/// The stages of `run` in order. Each does nothing if it has been done with the same inputs, and goes on
/// where it was interrupted.
enum class StageName { simulate, train, evaluate, interpret, report };

/// Runs one stage, or all up to the report, in the run directory. Prints what was done.
void run_stage(StageName stage, const Experiment& experiment, const Options& options);
void run_all(const Experiment& experiment, const Options& options);

}  // namespace neurontwin
