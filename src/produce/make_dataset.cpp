#include "produce/make_dataset.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

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

  explicit Workload(std::vector<Task> tasks) : tasks_(std::move(tasks)) {}

  std::optional<Batch> take(size_t at_most) {
    const std::lock_guard lock(mutex_);
    if (!open_ || open_->begun == open_->task.trials) {
      if (next_ == tasks_.size()) return {};
      const auto& task = tasks_[next_++];
      open_ = std::make_shared<OpenShard>(OpenShard{task, std::vector<simulate::Trial>(task.trials)});
    }
    const auto count = std::min<uint64_t>(at_most, open_->task.trials - open_->begun);
    const Batch batch{open_, open_->begun, count};
    open_->begun += count;
    return batch;
  }

  bool all_taken() {
    const std::lock_guard lock(mutex_);
    return next_ == tasks_.size() && (!open_ || open_->begun == open_->task.trials);
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
  std::vector<Task> tasks_;
  size_t next_ = 0;
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

}  // namespace

int64_t make_dataset(const DatasetPlan& plan, const std::filesystem::path& folder, int threads,
                     const Watcher& watcher, const MakingHooks& hooks) {
  const auto [train, valid, test] = splits_of(plan.data);
  return make_splits(plan, std::array{valid, train, test}, folder, threads, watcher, hooks);
}

int64_t make_splits(const DatasetPlan& as_planned, std::span<const SplitPlan> splits,
                    const std::filesystem::path& folder, int threads, const Watcher& watcher,
                    const MakingHooks& hooks) {
  std::filesystem::create_directories(folder);
  files::remove_half_written(folder);
  const auto plan = calibrate(as_planned, folder, threads, watcher);
  const auto tasks = missing_shards(plan, folder, splits, hooks);
  const auto makers = signal_makers(plan, {folder, threads, watcher});
  const auto drawn = with_clusters(plan, tasks, folder, threads, watcher);
  int64_t trials = 0, missing = 0;
  for (const auto& split : splits) trials += split.trials;
  for (const auto& task : tasks) missing += static_cast<int64_t>(task.trials);

  SimulationProgress progress("simulate", trials, trials - missing, plan.data.trial_ms, watcher);
  const auto cell = dataset::cell_table(plan.cell);
  Workload workload(tasks);
  std::atomic<int> started{0};
  simulate::in_parallel(threads, [&](const std::atomic<bool>& failed) {
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
      if (!workload.put(*batch,
                        source.simulate(*task.split, task.first_trial + batch->first, batch->count, pace)))
        continue;
      files::write_file_atomically(
          dataset::shard_path(folder, task.split->name, task.number),
          dataset::shard_bytes(files_of(plan, *task.split).identity, cell, task.split->name, task.first_trial,
                               batch->shard->trials));
      if (hooks.shard_is_there) hooks.shard_is_there(task.split->name, task.number);
    }
  });
  return missing;
}

}  // namespace nt::produce
