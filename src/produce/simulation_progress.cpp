#include "produce/simulation_progress.hpp"

#include <algorithm>

#include "config/error.hpp"

namespace neurontwin {

SimulationProgress::SimulationProgress(std::string what, int64_t trials, int64_t done_trials,
                                       int64_t trial_ms, const ProgressListener& listener)
    : listener_(listener), trial_ms_(trial_ms), done_ms_(done_trials * trial_ms) {
  progress_ = {std::move(what), 0, static_cast<double>(trials), "trials", ""};
}

void SimulationProgress::add(int64_t trial_ms) {
  if (stop_requested()) fail_run("stopped while simulating; run the same command again to go on");
  const int64_t before = done_ms_.fetch_add(trial_ms), now = before + trial_ms;
  constexpr int64_t kTellEvery_ms = 500;
  const bool all = static_cast<double>(now) >= progress_.total * static_cast<double>(trial_ms_);
  if (!listener_ || (!all && before / kTellEvery_ms == now / kTellEvery_ms)) return;
  const std::lock_guard lock(mutex_);
  progress_.done = std::max(progress_.done, static_cast<double>(now) / static_cast<double>(trial_ms_));
  listener_(progress_);
}

}  // namespace neurontwin
