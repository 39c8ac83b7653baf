#pragma once
#include "readers.hpp"
#include "run/experiment.hpp"
#include "search/store.hpp"

namespace nt {

/// The readers of the upper rooms.
inline void read_as_learning(Reader reader, std::string_view text) {
  if (reader == Reader::experiment) {
    run::Options options;
    options.experiment = written(text, "experiment.toml");
    run::read_experiment(options);
    return;
  }
  for (const auto* name : {"search.sqlite-wal", "search.sqlite-shm"})
    std::filesystem::remove(config::own_temporary_folder() / name);
  written(text, "search.sqlite");
  search::SearchStore store(config::own_temporary_folder(), "fuzz");
  store.knowledge();
  store.test_looks();
  store.elapsed_s();
  store.claim([](const search::Knowledge&) { return std::nullopt; });
}

}  // namespace nt
