#pragma once
#include <atomic>
#include <mutex>
#include <string>

#include "progress/watcher.hpp"

namespace nt::produce {

/// Tells the watcher how far simulating is, and stops it where the user asked for that. Any thread may add.
class SimulationProgress {
 public:
  /// `watcher` must outlive it.
  SimulationProgress(std::string what, int64_t trials, int64_t done_trials, int64_t trial_ms,
                     const Watcher& watcher);

  /// So many trial-milliseconds more are simulated. RunError if the user asked to stop.
  void add(int64_t trial_ms);
  /// The same, but never stops.
  void count(int64_t trial_ms);

 private:
  const Watcher& watcher_;
  int64_t trial_ms_;
  std::atomic<int64_t> done_ms_;
  std::mutex mutex_;
  Progress progress_;
};

}  // namespace nt::produce
