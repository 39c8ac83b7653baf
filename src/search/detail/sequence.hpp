#pragma once
#include "search/search.hpp"

namespace nt::search {

/// The jobs of a search in the order of one worker, who does one after the other, for several workers to do
/// at the same time: a job is decided as if those after it in that order were not done yet, even if they are.
/// So the same jobs are done, and the same networks found, by any number of workers.
///
/// A search that is over by the clock, or when results stop to improve, has no such order: its jobs are
/// decided by what is known when a worker asks.
class Sequence {
 public:
  explicit Sequence(const SearchTask& task) : task_(task) {}

  /// The first job of the order that is not begun, if it is certain to come: what the jobs before it that are
  /// not finished come to cannot change that. `knowledge` grows from call to call.
  std::optional<SearchStore::Choice> next(const Knowledge& knowledge, double elapsed_s);

 private:
  const SearchTask& task_;
  Knowledge done_;  // the beginning of the order, all of it finished
};

}  // namespace nt::search
