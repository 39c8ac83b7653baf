#include "produce/make_dataset.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>

#include "dataset/maker.hpp"
#include "files/files.hpp"
#include "produce/calibrate.hpp"
#include "produce/detail/simulation_progress.hpp"
#include "produce/make_clusters.hpp"
#include "produce/signal_sources.hpp"
#include "produce/trial_source.hpp"
#include "simulate/in_parallel.hpp"

namespace nt::produce {
namespace {

/// One shard still to be made.
struct Task : dataset::ShardPlace {
  const SplitPlan* split = nullptr;
};

/// True if the shard is there, made by this plan and of this size. One of this plan with another number of
/// trials (the user asked for more, or changed trials_per_shard) is made again; the trials in it come out the
/// same. So is one of the same neuron and training distribution with another shift.
bool is_made(const DatasetPlan& plan, const std::filesystem::path& file, const Task& task) {
  if (!std::filesystem::exists(file)) return false;
  const dataset::Shard shard(file);
  const auto& split = *task.split;
  const auto files = files_of(plan, split);
  if (!dataset::is_of(shard, files)) {
    const bool other_shift = !split.configuration.empty() && shard.split() == split.name &&
                             shard.identity().neuron == plan.identity.neuron &&
                             shard.identity().configuration.starts_with(plan.identity.configuration);
    if (other_shift) return false;
    dataset::require_same(shard, files, task);
  }
  return shard.first_trial() == task.first_trial && shard.trials() == task.trials;
}

/// Shards past the plan's end would be read as its trials by whoever opens the folder.
void remove_shards_from(const std::filesystem::path& folder, const std::string& split, size_t number) {
  while (std::filesystem::remove(dataset::shard_path(folder, split, number))) ++number;
}

/// What of the data set is still to be made, in the order to make it. Shards that the plan does not have are
/// removed.
std::vector<Task> missing_shards(const DatasetPlan& plan, const std::filesystem::path& folder,
                                 std::span<const SplitPlan> splits, const MakingHooks& hooks) {
  std::vector<Task> tasks;
  for (const auto& split : splits) {
    size_t shards = 0;
    dataset::for_each_shard(split.trials, plan.data.trials_per_shard, [&](const dataset::ShardPlace& place) {
      const Task task{place, &split};
      ++shards;
      if (!is_made(plan, dataset::shard_path(folder, split.name, task.number), task)) {
        tasks.push_back(task);
      } else if (hooks.shard_is_there) {
        hooks.shard_is_there(split.name, task.number);
      }
    });
    remove_shards_from(folder, split.name, shards);
  }
  return tasks;
}

/// A shard being filled.
struct OpenShard {
  Task task;
  std::vector<simulate::Trial> trials;
  uint64_t begun = 0, finished = 0;  // trials
};

/// Hands out the trials of shards in order, a few at a time, so that threads share a shard and few are open
/// at once.
class Workload {
 public:
  struct Batch {
    std::shared_ptr<OpenShard> shard;
    uint64_t first = 0;  // within the shard
    size_t count = 0;
  };

  /// Those of the tasks that the dealer deals to this process.
  Workload(std::span<const Task> tasks, ranks::Dealer& dealer) : tasks_(tasks), dealer_(dealer) {}

  std::optional<Batch> take(size_t at_most) {
    const std::lock_guard lock(mutex_);
    if (!open_ || open_->begun == open_->task.trials) {
      const auto next = dealer_.next();
      if (!next) {
        all_open_ = true;
        return {};
      }
      const auto& task = tasks_[*next];
      if (*next + 1 == std::ssize(tasks_)) all_open_ = true;
      open_ = std::make_shared<OpenShard>(OpenShard{task, std::vector<simulate::Trial>(task.trials)});
    }
    const auto count = std::min<uint64_t>(at_most, open_->task.trials - open_->begun);
    const Batch batch{open_, open_->begun, count};
    open_->begun += count;
    return batch;
  }

  bool all_taken() {
    const std::lock_guard lock(mutex_);
    return all_open_ && (!open_ || open_->begun == open_->task.trials);
  }

  /// True for the batch that completes its shard.
  bool put(const Batch& batch, std::vector<simulate::Trial> trials) {
    const std::lock_guard lock(mutex_);
    std::ranges::move(trials, batch.shard->trials.begin() + static_cast<int64_t>(batch.first));
    batch.shard->finished += batch.count;
    return batch.shard->finished == batch.shard->task.trials;
  }

 private:
  std::mutex mutex_;
  const std::span<const Task> tasks_;
  ranks::Dealer& dealer_;
  bool all_open_ = false;
  std::shared_ptr<OpenShard> open_;
};

/// The plan with the clusters of synapses that the trials of `tasks` are drawn with.
DatasetPlan with_clusters(const DatasetPlan& plan, std::span<const Task> tasks,
                          const std::filesystem::path& folder, int threads, const Watcher& watcher) {
  auto drawn = plan;
  const bool broad = std::ranges::any_of(tasks, [](const Task& task) { return task.split->takes_breadth; });
  if (broad && plan.breadth.needs_clusters()) {
    const ClusterSpec spec{plan.breadth.cluster_count, plan.breadth.clusters_fit_trials};
    drawn.breadth.clusters = make_synapse_clusters(plan, spec, folder, threads, watcher);
  }
  return drawn;
}

/// In the order in which they are made.
std::array<SplitPlan, 3> splits_to_make(const DatasetPlan& plan) {
  auto [train, valid, test] = splits_of(plan.data);
  return {std::move(valid), std::move(train), std::move(test)};
}

/// The first shard of the plan's splits that is in the folder has to be the plan's.
void require_own_shards(const DatasetPlan& plan, const std::filesystem::path& folder,
                        std::span<const SplitPlan> splits) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    for (const auto& split : splits) {
      if (!name.starts_with(split.name + "-") || !name.ends_with(".h5")) continue;
      const auto there = dataset::identity_in(files::Hdf5File(entry.path()));
      if (dataset::same_maker(there, plan.identity)) return;
      fail_input("{}: {}", entry.path().string(), dataset::other_maker_words(there, plan.identity));
    }
  }
}

/// What rank 0 found missing, for the others. Whatever it fitted lies in the folder by then.
void say_missing(std::span<const Task> tasks, const ranks::Ranks& ranks) {
  std::string lines;
  if (ranks.size() > 1)
    for (const auto& task : tasks) lines += fmt::format("{} {}\n", task.split->name, task.number);
  ranks.from_first(lines);
}

/// On the other ranks. Returns once rank 0 has said it.
std::vector<Task> said_missing(const DatasetPlan& plan, std::span<const SplitPlan> splits,
                               const ranks::Ranks& ranks) {
  std::string lines;
  ranks.from_first(lines);
  std::vector<Task> tasks;
  std::istringstream in(lines);
  std::string name;
  size_t number = 0;
  bool more = static_cast<bool>(in >> name >> number);
  for (const auto& split : splits) {
    dataset::for_each_shard(split.trials, plan.data.trials_per_shard, [&](const dataset::ShardPlace& place) {
      if (!more || name != split.name || number != place.number) return;
      tasks.push_back({place, &split});
      more = static_cast<bool>(in >> name >> number);
    });
  }
  return tasks;
}

/// Batches of trials at the same time: on a GPU more than there are processors to draw and write them.
int batches_at_once(device::Kind kind, int threads) {
  constexpr int kOnGpu = 32;
  return kind == device::Kind::cuda ? std::max(threads, kOnGpu) : threads;
}

/// The trials of shards, on threads, into the folder. `plan`: calibrated.
void simulate_shards(const DatasetPlan& plan, std::span<const Task> tasks,
                     const std::filesystem::path& folder, int threads, SimulationProgress& progress,
                     const Watcher& watcher, const MakingHooks& hooks) {
  const auto makers = signal_makers(plan, {folder, threads, watcher});
  const auto drawn = with_clusters(plan, tasks, folder, threads, watcher);
  if (hooks.ranks->is_first()) say_missing(tasks, *hooks.ranks);
  const auto cell = dataset::cell_table(plan.cell);
  const auto dealer =
      ranks::deal(*hooks.ranks, std::ssize(tasks), [&](int64_t trial_ms) { progress.count(trial_ms); });
  Workload workload(tasks, *dealer);
  std::atomic<int> started{0};
  simulate::in_parallel(
      batches_at_once(plan.simulation.device, threads), [&](const std::atomic<bool>& failed) {
        const int worker = started.fetch_add(1);
        const auto rest = [&] {  // until this thread is asked for, or nothing is left to do
          if (hooks.threads_at_work == nullptr) return;
          while (worker >= *hooks.threads_at_work && !failed && !workload.all_taken())
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        };
        const auto source = trial_source(drawn, makers);
        const Pace pace = [&](int64_t trial_ms) {
          if (failed) fail_run("stopped because another thread failed");
          progress.add(trial_ms);
        };
        for (;;) {
          rest();
          const auto batch = workload.take(source.side_by_side);
          if (!batch) return;
          const auto& task = batch->shard->task;
          if (!workload.put(
                  *batch, source.simulate(*task.split, task.first_trial + batch->first, batch->count, pace)))
            continue;
          files::write_file_atomically(
              dataset::shard_path(folder, task.split->name, task.number),
              dataset::shard_bytes(files_of(plan, *task.split).identity, cell, task.split->name,
                                   task.first_trial, batch->shard->trials));
          if (hooks.shard_is_there) hooks.shard_is_there(task.split->name, task.number);
          dealer->tell(static_cast<int64_t>(task.trials) * plan.data.trial_ms);
        }
      });
  dealer->finish();
}

int64_t trials_in(std::span<const Task> tasks) {
  int64_t trials = 0;
  for (const auto& task : tasks) trials += static_cast<int64_t>(task.trials);
  return trials;
}

}  // namespace

int64_t make_splits(const DatasetPlan& as_planned, std::span<const SplitPlan> splits,
                    const std::filesystem::path& folder, int threads, const Watcher& watcher,
                    const MakingHooks& hooks) {
  std::vector<Task> tasks;
  if (hooks.ranks->is_first()) {
    std::filesystem::create_directories(folder);
    files::remove_half_written(folder);
  } else {
    tasks = said_missing(as_planned, splits, *hooks.ranks);
  }
  const auto plan = calibrate(as_planned, folder, threads, watcher);
  if (hooks.ranks->is_first()) tasks = missing_shards(plan, folder, splits, hooks);
  int64_t trials = 0;
  for (const auto& split : splits) trials += split.trials;
  const int64_t missing = trials_in(tasks);
  SimulationProgress progress("simulate", trials, trials - missing, plan.data.trial_ms, watcher);
  simulate_shards(plan, tasks, folder, threads, progress, watcher, hooks);
  return missing;
}

int64_t make_dataset(const DatasetPlan& plan, const std::filesystem::path& folder, int threads,
                     const Watcher& watcher, const MakingHooks& hooks) {
  return make_splits(plan, splits_to_make(plan), folder, threads, watcher, hooks);
}

int64_t shard_count(const DatasetPlan& plan) {
  int64_t count = 0;
  for (const auto& split : splits_of(plan.data))
    dataset::for_each_shard(split.trials, plan.data.trials_per_shard, [&](const auto&) { ++count; });
  return count;
}

int64_t make_shards(const DatasetPlan& as_planned, const ShardRange& range,
                    const std::filesystem::path& folder, int threads, const Watcher& watcher) {
  const auto count = shard_count(as_planned);
  if (range.from < 0 || range.from > range.to || range.to > count) {
    fail_input("shards {}:{}: the data set has {} shards, expected 0 <= FROM <= TO <= {}", range.from,
               range.to, count, count);
  }
  std::filesystem::create_directories(folder);
  const auto splits = splits_to_make(as_planned);
  require_own_shards(as_planned, folder, splits);
  std::vector<Task> asked, missing;
  int64_t number = 0;
  for (const auto& split : splits) {
    dataset::for_each_shard(split.trials, as_planned.data.trials_per_shard, [&](const auto& place) {
      if (number >= range.from && number < range.to) asked.push_back({place, &split});
      ++number;
    });
  }
  std::ranges::copy_if(asked, std::back_inserter(missing), [&](const Task& task) {
    return !is_made(as_planned, dataset::shard_path(folder, task.split->name, task.number), task);
  });
  if (missing.empty()) return 0;
  const auto plan = calibrate(as_planned, folder, threads, watcher);
  const auto trials = trials_in(asked), missing_trials = trials_in(missing);
  SimulationProgress progress("simulate", trials, trials - missing_trials, plan.data.trial_ms, watcher);
  simulate_shards(plan, missing, folder, threads, progress, watcher, {});
  return missing_trials;
}

}  // namespace nt::produce
