#include "dataset/dataset.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <tuple>

#include "config/difference.hpp"
#include "dataset/signal_sources.hpp"
#include "dataset/simulation_progress.hpp"
#include "dataset/trial_source.hpp"
#include "files/files.hpp"
#include "simulate/in_parallel.hpp"

namespace neurontwin {
namespace {

/// What a shard of the split is known by.
DatasetIdentity identity_of(const DatasetPlan& plan, const SplitPlan& split) {
  auto identity = plan.identity;
  identity.configuration += split.configuration;
  if (!split.configuration.empty()) identity.recipe = digest(identity.recipe + split.configuration);
  return identity;
}

bool same_maker(const DatasetIdentity& a, const DatasetIdentity& b) {
  return a.neuron == b.neuron && a.recipe == b.recipe && a.configuration == b.configuration;
}

bool is_of(const Shard& shard, const DatasetPlan& plan, const SplitPlan& split) {
  return same_maker(shard.identity(), identity_of(plan, split)) && shard.split() == split.name;
}

/// Whether identity can be told at all: an older program did not write it.
bool is_known(const DatasetIdentity& identity) {
  return !identity.neuron.empty() && !identity.recipe.empty();
}

std::vector<KeyDifference> differences_of(const DatasetIdentity& there, const DatasetIdentity& here) {
  return differences(values_by_key(there.configuration), values_by_key(here.configuration));
}

/// Why data cannot stand for those of the plan.
std::string other_maker_words(const DatasetIdentity& there, const DatasetIdentity& here) {
  if (is_known(here) && !is_known(there))
    return "was made by an older neurontwin, which did not keep what it was made from; 'neurontwin simulate' "
           "puts the data set aside and makes it again";
  const auto found = differences_of(there, here);
  return fmt::format(
      "was made by another configuration ({}); choose another --out, or remove the dataset folder",
      found.empty() ? "another neuron or recipe" : words_for(found));
}

/// All that the sizes of a shard's arrays follow from, but for its number of trials.
auto sizes_of(const DatasetIdentity& id) {
  auto signals = id.signals;  // in any order: a file does not keep it
  std::ranges::sort(signals, {}, &Signal::name);
  return std::tuple(id.excitatory_synapses, id.inhibitory_synapses, id.duration_ms, std::move(signals));
}

void require_same(const Shard& shard, const DatasetPlan& plan, const SplitPlan& split, uint64_t first_trial,
                  uint64_t trials) {
  if (shard.split() != split.name) {
    fail_input("{}: holds trials of '{}', expected '{}'; remove it and simulate again", shard.path().string(),
               shard.split(), split.name);
  }
  if (!is_of(shard, plan, split)) {
    fail_input("{}: {}", shard.path().string(),
               other_maker_words(shard.identity(), identity_of(plan, split)));
  }
  if (sizes_of(shard.identity()) != sizes_of(plan.identity)) {
    fail_input(
        "{}: holds other numbers of synapses or milliseconds, or other signals, than its configuration says; "
        "it is damaged, remove it and simulate again",
        shard.path().string());
  }
  if (shard.first_trial() != first_trial || shard.trials() != trials) {
    fail_input("{}: holds {} trials from trial {} on, expected {} from {} on; remove the dataset folder",
               shard.path().string(), shard.trials(), shard.first_trial(), trials, first_trial);
  }
}

/// Shards that one neuron and recipe made.
struct Makers {
  DatasetIdentity identity;
  std::vector<std::string> files;

  std::string names() const {
    constexpr size_t kSaid = 3;
    const auto said = std::span(files).first(std::min(kSaid, files.size()));
    return fmt::format("{}{}", fmt::join(said, ", "),
                       files.size() > kSaid ? fmt::format(" and {} more", files.size() - kSaid) : "");
  }
};

/// The shards of the plan's three splits in a folder, by who made them.
std::vector<Makers> makers_in(const std::filesystem::path& folder, const DatasetPlan& plan) {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const auto name = entry.path().filename().string();
      for (const auto& split : splits_of(plan.data))
        if (name.starts_with(split.name + "-") && name.ends_with(".h5")) files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  std::vector<Makers> makers;
  for (const auto& file : files) {
    const auto identity = identity_in(Hdf5File(file));
    auto known =
        std::ranges::find_if(makers, [&](const auto& m) { return same_maker(m.identity, identity); });
    if (known == makers.end()) known = makers.insert(known, Makers{identity, {}});
    known->files.push_back(file.filename().string());
  }
  return makers;
}

std::filesystem::path name_aside(const std::filesystem::path& folder) {
  for (int n = 1;; ++n) {
    auto aside = folder.parent_path() / fmt::format("{}-before-{}", folder.filename().string(), n);
    if (!std::filesystem::exists(aside)) return aside;
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
                             shard.identity().neuron == plan.identity.neuron &&
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

/// The plan with the clusters of synapses that the trials of `tasks` are drawn with.
DatasetPlan with_clusters(const DatasetPlan& plan, std::span<const Task> tasks,
                          const std::filesystem::path& folder, int threads,
                          const ProgressListener& listener) {
  auto drawn = plan;
  const bool broad = std::ranges::any_of(tasks, [](const Task& task) { return task.split->takes_breadth; });
  if (broad && plan.breadth.needs_clusters()) {
    const ClusterSpec spec{plan.breadth.cluster_count, plan.breadth.clusters_fit_trials};
    drawn.breadth.clusters = make_synapse_clusters(plan, spec, folder, threads, listener);
  }
  return drawn;
}

}  // namespace

std::string put_outdated_aside(const DatasetPlan& plan, const std::filesystem::path& folder) {
  const auto makers = makers_in(folder, plan);
  if (makers.empty()) return "";
  if (makers.size() > 1) {
    const auto found = differences_of(makers[0].identity, makers[1].identity);
    fail_input(
        "{}: holds shards that were not all made from one neuron and recipe: {} on one side, {} on the other "
        "({}); remove those that do not belong there, they are made again",
        folder.string(), makers[0].names(), makers[1].names(),
        found.empty() ? "their digests differ" : words_for(found, "in the first", "in the second"));
  }
  const auto& there = makers[0].identity;
  if (same_maker(there, plan.identity)) return "";
  const auto found = differences_of(there, plan.identity);
  const bool older = is_known(plan.identity) && !is_known(there);
  // Where a file has another content, settings may be other because it says other defaults.
  if (!older && std::ranges::all_of(found, is_setting))
    fail_input("{}: {}", (folder / makers[0].files.front()).string(),
               other_maker_words(there, plan.identity));
  const auto aside = name_aside(folder);
  std::filesystem::rename(folder, aside);
  return fmt::format("the data set there {}; it is now in {}, and another is made",
                     older ? "is of an older neurontwin, which did not keep what it was made from"
                           : fmt::format("was made before something changed ({})", words_for(found)),
                     aside.string());
}

std::string digest_of_split(const DatasetPlan& plan, const std::filesystem::path& folder,
                            const SplitPlan& split, int threads) {
  std::vector<std::filesystem::path> files;
  for_each_shard(plan, split,
                 [&](const Task& task) { files.push_back(shard_path(folder, split.name, task.number)); });
  if (!std::ranges::all_of(files, [](const auto& file) { return std::filesystem::exists(file); })) return "";
  std::vector<std::string> digests(files.size());
  std::atomic<size_t> next{0};
  in_parallel(threads, [&](const std::atomic<bool>& failed) {
    for (size_t i; !failed && (i = next.fetch_add(1)) < files.size();) {
      if (stop_requested())
        fail_run("stopped while reading the data set; run the same command again to go on");
      try {
        digests[i] = content_digest(Hdf5File(files[i]));
      } catch (const InputError&) {
        const Shard says_what_is_wrong(files[i]);
        throw;
      }
    }
  });
  return digest(fmt::format("{}", fmt::join(digests, "\n")));
}

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
  return {SplitPlan{"train", Stage::stimulus_train, data.train_trials, {}, "", true},
          SplitPlan{"valid", Stage::stimulus_valid, data.valid_trials, {}, "", true},
          SplitPlan{"test", Stage::stimulus_test, data.test_trials}};
}

std::filesystem::path shard_path(const std::filesystem::path& folder, const std::string& split,
                                 size_t number) {
  return folder / fmt::format("{}-{:04d}.h5", split, number);
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
    auto clusters = read_synapse_clusters(file, configuration);
    if (std::ssize(clusters.of_excitatory) != excitatory_synapses(plan.cell) ||
        std::ssize(clusters.of_inhibitory) != inhibitory_synapses(plan.cell)) {
      fail_input(
          "{}: has clusters of {} excitatory and {} inhibitory synapses, expected {} and {}; remove it",
          file.string(), clusters.of_excitatory.size(), clusters.of_inhibitory.size(),
          excitatory_synapses(plan.cell), inhibitory_synapses(plan.cell));
    }
    return clusters;
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
  const auto makers = signal_makers(plan, {folder, threads, listener});
  const auto drawn = with_clusters(plan, tasks, folder, threads, listener);
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
        "{}: has other numbers of synapses or milliseconds, or other signals, than {}; one of them is "
        "damaged",
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

size_t Split::shard_of(size_t index) const {
  return static_cast<size_t>(std::upper_bound(first_trial_.begin(), first_trial_.end(), index) -
                             first_trial_.begin()) -
         1;
}

std::string Split::digest() const {
  std::vector<std::string> digests;
  for (const auto& shard : shards_) digests.push_back(shard.digest());
  return neurontwin::digest(fmt::format("{}", fmt::join(digests, "\n")));
}

std::string Split::place_of(size_t index) const {
  const auto shard = shard_of(index);
  return fmt::format("{}, trial {} of it", shards_[shard].path().string(), index - first_trial_[shard]);
}

TrialView Split::trial(size_t index) const {
  const auto shard = shard_of(index);
  return labelled(shards_[shard].trial(index - first_trial_[shard]), labels_);
}

const Signal& Split::signal(std::string_view name) const {
  if (const auto* signal = identity().find_signal(name)) return *signal;
  std::vector<std::string_view> there;
  for (const auto& signal : identity().signals) there.push_back(signal.name);
  fail_input("{}: has no signal '{}' under /output; it has {}", shards_.front().path().string(), name,
             there.empty() ? "none" : fmt::format("{}", fmt::join(there, ", ")));
}

}  // namespace neurontwin
