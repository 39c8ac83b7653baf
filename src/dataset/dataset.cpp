#include "dataset/dataset.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <sstream>
#include <thread>

#include "files/files.hpp"
#include "simulate/integrate_and_fire.hpp"

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

void require_same(const Shard& shard, const DatasetPlan& plan, const SplitPlan& split, uint64_t first_trial,
                  uint64_t trials) {
  if (shard.identity().configuration != plan.identity.configuration || shard.split() != split.name) {
    fail_input(
        "{}: was made by another configuration ({}); choose another --out, or remove the dataset folder",
        shard.path().string(), first_difference(shard.identity().configuration, plan.identity.configuration));
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
/// same.
bool is_made(const DatasetPlan& plan, const std::filesystem::path& file, const Task& task) {
  if (!std::filesystem::exists(file)) return false;
  const Shard shard(file);
  if (shard.identity().configuration != plan.identity.configuration || shard.split() != task.split->name) {
    require_same(shard, plan, *task.split, task.first_trial, task.trials);
  }
  return shard.first_trial() == task.first_trial && shard.trials() == task.trials;
}

/// Shards past the plan's end would be read as its trials by whoever opens the folder.
void remove_shards_from(const std::filesystem::path& folder, const std::string& split, size_t number) {
  while (std::filesystem::remove(shard_path(folder, split, number))) ++number;
}

}  // namespace

DataSpec read_data(const Settings& settings) {
  DataSpec data;
  data.trial_ms = settings.integer("trial_ms", 6000, {2, 1e7});
  data.train_trials = settings.integer("train_trials", {}, {1, 1e9});
  data.valid_trials = settings.integer("valid_trials", {}, {1, 1e9});
  data.test_trials = settings.integer("test_trials", {}, {1, 1e9});
  data.trials_per_shard = settings.integer("trials_per_shard", 128, {1, 1e6});
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

int64_t make_dataset(const DatasetPlan& plan, const std::filesystem::path& folder, int threads,
                     const ProgressListener& listener) {
  std::filesystem::create_directories(folder);
  remove_half_written(folder);
  std::vector<Task> tasks;
  Progress progress{"simulate", 0, 0, "trials", ""};
  const auto splits = splits_of(plan.data);
  for (const auto& split : splits) {
    size_t shards = 0;
    for_each_shard(plan, split, [&](const Task& task) {
      ++shards;
      progress.total += static_cast<double>(task.trials);
      if (is_made(plan, shard_path(folder, split.name, task.number), task)) {
        progress.done += static_cast<double>(task.trials);
      } else {
        tasks.push_back(task);
      }
    });
    remove_shards_from(folder, split.name, shards);
  }

  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  std::atomic<bool> failed{false};
  const auto work = [&] {
    try {
      for (size_t i; !failed && (i = next++) < tasks.size();) {
        const Task& task = tasks[i];
        std::vector<Trial> trials;
        for (uint64_t k = 0; k < task.trials; ++k) {
          if (stop_requested()) fail_run("stopped while simulating; run the same command again to go on");
          if (failed) return;
          const uint64_t trial = task.first_trial + k;
          trials.push_back(simulate(
              plan.cell, draw_input(plan.stimulus, plan.seed, task.split->stage, trial, plan.data.trial_ms),
              plan.data.trial_ms));
          const std::lock_guard lock(mutex);
          ++progress.done;
          if (listener) listener(progress);
        }
        write_file_atomically(shard_path(folder, task.split->name, task.number),
                              shard_bytes(plan.identity, task.split->name, task.first_trial, trials));
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int i = 1; i < threads; ++i) workers.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
  int64_t simulated = 0;
  for (const auto& task : tasks) simulated += static_cast<int64_t>(task.trials);
  return simulated;
}

void Split::append(Shard shard) {
  first_trial_.push_back(trials_);
  trials_ += shard.trials();
  shards_.push_back(std::move(shard));
}

Split Split::open(const DatasetPlan& plan, const std::filesystem::path& folder, const SplitPlan& split) {
  Split opened;
  for_each_shard(plan, split, [&](const Task& task) {
    const auto file = shard_path(folder, split.name, task.number);
    if (!std::filesystem::exists(file)) {
      fail_input("{}: is missing; run 'neurontwin simulate' with the same experiment and --out first",
                 file.string());
    }
    Shard shard(file);
    require_same(shard, plan, split, task.first_trial, task.trials);
    opened.append(std::move(shard));
  });
  return opened;
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
  return shards_[shard].trial(index - first_trial_[shard]);
}

}  // namespace neurontwin
