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
/// In memory while a shard is made: its trials as they come, their arrays one after the other, and the file
/// that is made of these.
inline constexpr double kCopiesOfShard = 3;
DatasetSize size_of(const DatasetPlan& plan, const std::filesystem::path& folder);

/// The input that the stimulus leads to expect in training, of all synapses together.
double expected_input_spikes_per_ms(const DatasetPlan& plan);

/// InputError naming the setting if what is missing of the data set does not fit on the disk, or one of its
/// shards not into memory. Takes no longer for a plan of a thousand million trials.
void require_room(const DatasetPlan& plan, const std::filesystem::path& folder);

}  // namespace nt::produce
