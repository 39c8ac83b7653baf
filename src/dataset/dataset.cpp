#include "dataset/dataset.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>
#include <tuple>

#include "dataset/trial_source.hpp"
#include "files/files.hpp"
#include "simulate/in_parallel.hpp"

namespace neurontwin {
namespace {

/// The first lines in which two configurations differ, for a message.
std::string first_difference(const std::string& there, const std::string& here) {
  std::istringstream a(there), b(here);
  std::string line_a, line_b, table;
  for (;;) {
    const bool more_a = static_cast<bool>(std::getline(a, line_a));
    const bool more_b = static_cast<bool>(std::getline(b, line_b));
    if (!more_a && !more_b) return "they differ in nothing but the program that wrote them";
    if (!more_a) line_a = "nothing";
    if (!more_b) line_b = "nothing";
    if (line_a != line_b) {
      return fmt::format("{}'{}' there, '{}' here", table.empty() ? "" : "in " + table + ": ", line_a,
                         line_b);
    }
    if (line_a.starts_with('[')) table = line_a;
  }
}

/// What a shard of the split is known by.
DatasetIdentity identity_of(const DatasetPlan& plan, const SplitPlan& split) {
  auto identity = plan.identity;
  identity.configuration += split.configuration;
  return identity;
}

bool is_of(const Shard& shard, const DatasetPlan& plan, const SplitPlan& split) {
  return shard.identity().configuration == plan.identity.configuration + split.configuration &&
         shard.split() == split.name;
}

/// All that the sizes of a shard's arrays follow from, but for its number of trials.
auto sizes_of(const DatasetIdentity& id) {
  return std::tuple(id.excitatory_synapses, id.inhibitory_synapses, id.duration_ms, id.has_nexus,
                    id.dendritic_components);
}

void require_same(const Shard& shard, const DatasetPlan& plan, const SplitPlan& split, uint64_t first_trial,
                  uint64_t trials) {
  if (!is_of(shard, plan, split)) {
    fail_input(
        "{}: was made by another configuration ({}); choose another --out, or remove the dataset folder",
        shard.path().string(),
        first_difference(shard.identity().configuration, plan.identity.configuration + split.configuration));
  }
  if (sizes_of(shard.identity()) != sizes_of(plan.identity)) {
    fail_input(
        "{}: holds other numbers of synapses, milliseconds or recorded values than its configuration says; "
        "it is "
        "damaged, remove it and simulate again",
        shard.path().string());
  }
  if (shard.first_trial() != first_trial || shard.trials() != trials) {
    fail_input("{}: holds {} trials from trial {} on, expected {} from {} on; remove the dataset folder",
               shard.path().string(), shard.trials(), shard.first_trial(), trials, first_trial);
  }
}

/// One shard still to be made.
struct Task {
  const SplitPlan* split;
  size_t number;
  uint64_t first_trial;
  uint64_t trials;
};

template <class F>
void for_each_shard(const DatasetPlan& plan, const SplitPlan& split, F&& f) {
  const auto per_shard = static_cast<uint64_t>(plan.data.trials_per_shard);
  const auto total = static_cast<uint64_t>(split.trials);
  size_t number = 0;
  for (uint64_t first = 0; first < total; first += per_shard) {
    f(Task{&split, number++, first, std::min(per_shard, total - first)});
  }
}

/// True if the shard is there, made by this plan and of this size. One of this plan with another number of
/// trials (the user asked for more, or changed trials_per_shard) is made again; the trials in it come out the
/// same. So is one of the same neuron and training distribution with another shift.
bool is_made(const DatasetPlan& plan, const std::filesystem::path& file, const Task& task) {
  if (!std::filesystem::exists(file)) return false;
  const Shard shard(file);
  const auto& split = *task.split;
  if (!is_of(shard, plan, split)) {
    const bool other_shift = !split.configuration.empty() && shard.split() == split.name &&
                             shard.identity().configuration.starts_with(plan.identity.configuration);
    if (other_shift) return false;
    require_same(shard, plan, split, task.first_trial, task.trials);
  }
  return shard.first_trial() == task.first_trial && shard.trials() == task.trials;
}

/// Shards past the plan's end would be read as its trials by whoever opens the folder.
void remove_shards_from(const std::filesystem::path& folder, const std::string& split, size_t number) {
  while (std::filesystem::remove(shard_path(folder, split, number))) ++number;
}

/// What of the data set is still to be made, in the order to make it. Shards that the plan does not have are
/// removed.
std::vector<Task> missing_shards(const DatasetPlan& plan, const std::filesystem::path& folder,
                                 std::span<const SplitPlan> splits, const MakingHooks& hooks) {
  std::vector<Task> tasks;
  for (const auto& split : splits) {
    size_t shards = 0;
    for_each_shard(plan, split, [&](const Task& task) {
      ++shards;
      if (!is_made(plan, shard_path(folder, split.name, task.number), task)) {
        tasks.push_back(task);
      } else if (hooks.shard_is_there) {
        hooks.shard_is_there(split.name, task.number);
      }
    });
    remove_shards_from(folder, split.name, shards);
  }
  return tasks;
}

/// Tells the listener how far simulating is, and stops it where the user asked for that.
class SimulationProgress {
 public:
  SimulationProgress(std::string what, int64_t trials, int64_t done_trials, int64_t trial_ms,
                     const ProgressListener& listener)
      : listener_(listener), trial_ms_(trial_ms), done_ms_(done_trials * trial_ms) {
    progress_ = {std::move(what), 0, static_cast<double>(trials), "trials", ""};
  }

  void add(int64_t trial_ms) {
    if (stop_requested()) fail_run("stopped while simulating; run the same command again to go on");
    const int64_t before = done_ms_.fetch_add(trial_ms), now = before + trial_ms;
    constexpr int64_t kTellEvery_ms = 500;
    const bool all = static_cast<double>(now) >= progress_.total * static_cast<double>(trial_ms_);
    if (!listener_ || (!all && before / kTellEvery_ms == now / kTellEvery_ms)) return;
    const std::lock_guard lock(mutex_);
    progress_.done = std::max(progress_.done, static_cast<double>(now) / static_cast<double>(trial_ms_));
    listener_(progress_);
  }

 private:
  const ProgressListener& listener_;
  int64_t trial_ms_;
  std::atomic<int64_t> done_ms_;
  std::mutex mutex_;
  Progress progress_;
};

/// A shard being filled.
struct OpenShard {
  Task task;
  std::vector<Trial> trials;
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
      open_ = std::make_shared<OpenShard>(OpenShard{task, std::vector<Trial>(task.trials)});
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
  bool put(const Batch& batch, std::vector<Trial> trials) {
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

/// The basis of the data set in `folder`, fitted if it is not there. None if the plan asks for none.
std::optional<DendriticBasis> ready_basis(const DatasetPlan& plan, const std::filesystem::path& folder,
                                          int threads, const ProgressListener& listener) {
  const auto file = dendritic_basis_path(folder);
  if (plan.data.dendritic_components == 0) {
    std::filesystem::remove(file);
    return {};
  }
  if (std::filesystem::exists(file)) {
    auto basis = read_dendritic_basis(file, plan.identity.configuration);
    const auto compartments = std::get<DetailedCell>(plan.cell).geometry.compartments.size();
    if (basis.compartments() != compartments ||
        basis.components() != static_cast<size_t>(plan.data.dendritic_components)) {
      fail_input("{}: holds {} components of {} compartments, expected {} of {}; it is damaged, remove it",
                 file.string(), basis.components(), basis.compartments(), plan.data.dendritic_components,
                 compartments);
    }
    return basis;
  }
  SimulationProgress progress("fit", plan.data.dendritic_fit_trials, 0, plan.data.trial_ms, listener);
  int64_t samples = 0;
  const auto basis = fit_dendritic_basis(
      plan, threads, [&](int64_t trial_ms) { progress.add(trial_ms); }, samples);
  write_file_atomically(file, dendritic_basis_bytes(basis, plan.identity.configuration,
                                                    plan.data.dendritic_fit_trials, samples));
  return basis;
}

}  // namespace

DataSpec read_data(const Settings& settings) {
  DataSpec data;
  data.trial_ms = settings.integer("trial_ms", 6000, {2, 1e7});
  data.train_trials = settings.integer("train_trials", {}, {1, 1e9});
  data.valid_trials = settings.integer("valid_trials", {}, {1, 1e9});
  data.test_trials = settings.integer("test_trials", {}, {1, 1e9});
  data.trials_per_shard = settings.integer("trials_per_shard", 128, {1, 1e6});
  data.dendritic_components = settings.integer("dendritic_components", 0, {0, 1e4});
  data.dendritic_fit_trials = settings.integer("dendritic_fit_trials", 64, {1, 128});
  data.labels = read_labels(settings);
  return data;
}

std::array<SplitPlan, 3> splits_of(const DataSpec& data) {
  return {SplitPlan{"train", Stage::stimulus_train, data.train_trials},
          SplitPlan{"valid", Stage::stimulus_valid, data.valid_trials},
          SplitPlan{"test", Stage::stimulus_test, data.test_trials}};
}

std::filesystem::path shard_path(const std::filesystem::path& folder, const std::string& split,
                                 size_t number) {
  return folder / fmt::format("{}-{:04d}.h5", split, number);
}

std::filesystem::path dendritic_basis_path(const std::filesystem::path& folder) {
  return folder / "dendritic_basis.h5";
}

std::filesystem::path synapse_clusters_path(const std::filesystem::path& folder) {
  return folder / "synapse_clusters.h5";
}

SynapseClusters make_synapse_clusters(const DatasetPlan& plan, const ClusterSpec& spec,
                                      const std::filesystem::path& folder, int threads,
                                      const ProgressListener& listener) {
  std::filesystem::create_directories(folder);
  const auto file = synapse_clusters_path(folder);
  const auto configuration = fmt::format("{}\n[clusters]\ncount = {}\nfit_trials = {}\n",
                                         plan.identity.configuration, spec.count, spec.fit_trials);
  if (std::filesystem::exists(file) && Hdf5File(file).text_attribute("configuration") == configuration) {
    auto found = read_synapse_clusters(file, configuration);
    if (static_cast<int>(found.of_excitatory.size()) != excitatory_synapses(plan.cell) ||
        static_cast<int>(found.of_inhibitory.size()) != inhibitory_synapses(plan.cell))
      fail_input("{}: holds other numbers of synapses than the neuron; it is damaged, remove it",
                 file.string());
    return found;
  }
  SimulationProgress progress("cluster", spec.fit_trials, 0, plan.data.trial_ms, listener);
  const auto moments =
      voltage_moments(plan, spec.fit_trials, threads, [&](int64_t trial_ms) { progress.add(trial_ms); });
  auto clusters = cluster_synapses(moments, plan.cell, spec.count, plan.seed);
  write_file_atomically(file, synapse_clusters_bytes(clusters, configuration, spec.fit_trials));
  return clusters;
}

int64_t make_dataset(const DatasetPlan& plan, const std::filesystem::path& folder, int threads,
                     const ProgressListener& listener, const MakingHooks& hooks) {
  const auto [train, valid, test] = splits_of(plan.data);
  return make_splits(plan, std::array{valid, train, test}, folder, threads, listener, hooks);
}

int64_t make_splits(const DatasetPlan& plan, std::span<const SplitPlan> splits,
                    const std::filesystem::path& folder, int threads, const ProgressListener& listener,
                    const MakingHooks& hooks) {
  std::filesystem::create_directories(folder);
  remove_half_written(folder);
  const auto tasks = missing_shards(plan, folder, splits, hooks);
  const auto basis = ready_basis(plan, folder, threads, listener);
  int64_t trials = 0, missing = 0;
  for (const auto& split : splits) trials += split.trials;
  for (const auto& task : tasks) missing += static_cast<int64_t>(task.trials);

  SimulationProgress progress("simulate", trials, trials - missing, plan.data.trial_ms, listener);
  const auto cell = cell_table(plan.cell);
  Workload workload(tasks);
  std::atomic<int> started{0};
  in_parallel(threads, [&](const std::atomic<bool>& failed) {
    const int worker = started.fetch_add(1);
    const auto rest = [&] {  // until this thread is asked for, or nothing is left to do
      if (hooks.threads_at_work == nullptr) return;
      while (worker >= *hooks.threads_at_work && !failed && !workload.all_taken())
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    };
    const auto source = trial_source(plan, basis ? &*basis : nullptr);
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
      write_file_atomically(shard_path(folder, task.split->name, task.number),
                            shard_bytes(identity_of(plan, *task.split), cell, task.split->name,
                                        task.first_trial, batch->shard->trials));
      if (hooks.shard_is_there) hooks.shard_is_there(task.split->name, task.number);
    }
  });
  return missing;
}

void Split::append(Shard shard) {
  if (!shards_.empty() && sizes_of(shard.identity()) != sizes_of(identity())) {
    fail_input(
        "{}: has other numbers of synapses, milliseconds or recorded values than {}; one of them is damaged",
        shard.path().string(), shards_.front().path().string());
  }
  first_trial_.push_back(trials_);
  trials_ += shard.trials();
  shards_.push_back(std::move(shard));
}

Split Split::open(const DatasetPlan& plan, const std::filesystem::path& folder, const SplitPlan& split) {
  Split opened;
  opened.grow(plan, folder, split, split.trials);
  return opened;
}

void Split::grow(const DatasetPlan& plan, const std::filesystem::path& folder, const SplitPlan& split,
                 int64_t trials) {
  labels_ = plan.data.labels;
  for_each_shard(plan, split, [&](const Task& task) {
    if (task.first_trial < trials_ || task.first_trial >= static_cast<uint64_t>(trials)) return;
    const auto file = shard_path(folder, split.name, task.number);
    if (!std::filesystem::exists(file)) {
      fail_input("{}: is missing; run 'neurontwin simulate' with the same experiment and --out first",
                 file.string());
    }
    Shard shard(file);
    require_same(shard, plan, split, task.first_trial, task.trials);
    append(std::move(shard));
  });
}

Split Split::open(const std::filesystem::path& folder, const std::string& split) {
  Split opened;
  for (size_t number = 0; std::filesystem::exists(shard_path(folder, split, number)); ++number) {
    opened.append(Shard(shard_path(folder, split, number)));
  }
  if (opened.shards_.empty()) fail_input("{}: has no {}", folder.string(), shard_path("", split, 0).string());
  return opened;
}

TrialView Split::trial(size_t index) const {
  const auto shard = static_cast<size_t>(std::upper_bound(first_trial_.begin(), first_trial_.end(), index) -
                                         first_trial_.begin()) -
                     1;
  return labelled(shards_[shard].trial(index - first_trial_[shard]), labels_);
}

}  // namespace neurontwin
