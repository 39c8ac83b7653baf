#pragma once
#include "cli/experiment.hpp"

namespace neurontwin {

/// `search`: simulates what is missing of the data, searches in `workers` processes, prints the table.
/// `arguments` are this program's, with which its workers are started.
void run_search(const Experiment& experiment, const Options& options, int workers,
                std::vector<std::string> arguments);

/// What one of them does, with so many threads.
void run_search_worker(const Experiment& experiment, const Options& options, int threads);

}  // namespace neurontwin
