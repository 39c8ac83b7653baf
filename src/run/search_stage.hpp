#pragma once
#include "run/experiment.hpp"
#include "progress/progress.hpp"

namespace neurontwin {

/// `search`: simulates what is missing of the data, searches in `workers` processes, writes search.json, and
/// returns its table as text. `arguments` are this program's, with which its workers are started.
std::string run_search(const Experiment& experiment, const Options& options, int workers,
                       std::vector<std::string> arguments, const ProgressListener& progress);

/// What one of them does, with so many threads.
void run_search_worker(const Experiment& experiment, const Options& options, int threads,
                       const ProgressListener& progress);

}  // namespace neurontwin
