#pragma once
#include <string>

#include "search/search.hpp"

namespace nt::search {

/// What tests search: rung 0 is 2 epochs of 10 steps of 9 windows of 1000 ms, 0.05 h. `toml`: the rest of
/// [search], where `rungs` may stand.
inline SearchTask small_task(const std::string& toml) {
  SearchTask task;
  task.spec =
      read_search(config::Settings::from_text("first_rung_epochs = 2\nsteps_per_epoch = 10\n" + toml));
  task.train.batch_windows = 9;
  task.train.window_ms = 1000;
  task.channels = 10;
  task.seed = 1;
  return task;
}

}  // namespace nt::search
