#pragma once
#include "progress/watcher.hpp"
#include "run/experiment.hpp"

namespace nt::run {

/// `search`: simulates what is missing of the data, searches in `workers` processes, writes search.json, and
/// returns its table as text. `arguments` are this program's, with which its workers are started.
std::string run_search(const Experiment& experiment, const Options& options, int workers,
                       std::vector<std::string> arguments, const Watcher& watcher);

/// What one of them does, with so many threads.
void run_search_worker(const Experiment& experiment, const Options& options, int threads,
                       const Watcher& watcher);

}  // namespace nt::run
