#include "produce/detail/simulation_progress.hpp"

#include <algorithm>

#include "config/error.hpp"

namespace nt::produce {

SimulationProgress::SimulationProgress(std::string what, int64_t trials, int64_t done_trials,
                                       int64_t trial_ms, const Watcher& watcher)
    : watcher_(watcher), trial_ms_(trial_ms), done_ms_(done_trials * trial_ms) {
  progress_ = {std::move(what), 0, static_cast<double>(trials), "trials", ""};
}

void SimulationProgress::add(int64_t trial_ms) {
  watcher_.stop_here_if_asked("simulating");
  count(trial_ms);
}

void SimulationProgress::count(int64_t trial_ms) {
  const int64_t before = done_ms_.fetch_add(trial_ms), now = before + trial_ms;
  constexpr int64_t kTellEvery_ms = 500;
  const bool all = static_cast<double>(now) >= progress_.total * static_cast<double>(trial_ms_);
  if (!watcher_.progress || (!all && before / kTellEvery_ms == now / kTellEvery_ms)) return;
  const std::lock_guard lock(mutex_);
  progress_.done = std::max(progress_.done, static_cast<double>(now) / static_cast<double>(trial_ms_));
  watcher_.tell(progress_);
}

}  // namespace nt::produce
