#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <span>

#include "produce/plan.hpp"
#include "progress/watcher.hpp"
#include "ranks/ranks.hpp"

namespace nt::produce {

/// For whoever uses a data set while it is made.
struct MakingHooks {
  /// Told of every shard once it is whole and in its place, also of those found there. Any thread may call.
  std::function<void(const std::string& split, size_t number)> shard_is_there;
  /// So many of the threads take work, as long as it says so; the others rest. Null: all.
  const std::atomic<int>* threads_at_work = nullptr;
  /// That make the data set together, shard by shard: all call, and rank 0 alone tells the watcher.
  std::shared_ptr<const ranks::Ranks> ranks = ranks::alone();
};

/// Simulates what is missing of the data set in `folder`, shard by shard on `threads` threads: the validation
/// split, then training, then test, so that training could start early. A detailed neuron's trials as many
/// side by side as the SIMD unit has lanes; on a device (plan.simulation.device) thousands, many batches at
/// the same time: one is drawn, or written, while others run. What is fitted to trials before is fitted on
/// the CPU. Whole shards that are there already stay, and no more than those being made are held in memory.
/// InputError if a shard there comes from another configuration, or the device is none or cannot simulate the
/// plan's neuron; RunError if the disk is full or the user stopped it. Returns the number of simulated
/// trials.
int64_t make_dataset(const DatasetPlan& plan, const std::filesystem::path& folder, int threads,
                     const Watcher& watcher, const MakingHooks& hooks = {});

/// The same of the splits named only, in this order.
int64_t make_splits(const DatasetPlan& plan, std::span<const SplitPlan> splits,
                    const std::filesystem::path& folder, int threads, const Watcher& watcher,
                    const MakingHooks& hooks = {});

/// Some of a data set's shards, [from, to), counted from 0 through its splits in the order in which they are
/// made: validation, training, test.
struct ShardRange {
  int64_t from = 0, to = 0;
};
int64_t shard_count(const DatasetPlan& plan);

/// Simulates what is missing of these shards alone: several programs may make one data set in one folder at
/// the same time, and what they make is what make_dataset would. InputError where the plan has no such shards
/// or the folder holds those of another plan.
int64_t make_shards(const DatasetPlan& plan, const ShardRange& range, const std::filesystem::path& folder,
                    int threads, const Watcher& watcher);

}  // namespace nt::produce
