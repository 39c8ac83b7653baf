#pragma once
#include "produce/plan.hpp"

namespace nt::produce {

/// What a data set takes, from its plan: the input that the stimulus leads to expect, and the outputs.
struct DatasetSize {
  int64_t missing_trials = 0;  // in shards that are not there
  double missing_bytes = 0;    // of these
  std::string largest;         // the setting that most of these come from, as "data.train_trials"
  double shard_bytes = 0;      // of the largest shard
};
DatasetSize size_of(const DatasetPlan& plan, const std::filesystem::path& folder);

/// InputError naming the setting if what is missing of the data set does not fit on the disk, or one of its
/// shards not into memory. Takes no longer for a plan of a thousand million trials.
void require_room(const DatasetPlan& plan, const std::filesystem::path& folder);

}  // namespace nt::produce
