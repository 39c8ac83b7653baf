#include "produce/background_dataset.hpp"

#include <chrono>

#include "produce/make_dataset.hpp"

namespace nt::produce {

BackgroundDataset::BackgroundDataset(const DatasetPlan& plan, const std::filesystem::path& folder,
                                     int threads, int threads_beside, std::stop_token stop)
    : plan_(plan),
      folder_(folder),
      threads_(threads),
      threads_beside_(threads_beside),
      watcher_{.stop = std::move(stop)},
      at_work_(threads),
      thread_([this] { make(); }) {}

BackgroundDataset::~BackgroundDataset() {
  given_up_ = true;
  thread_.join();
}

void BackgroundDataset::make() {
  const auto start = std::chrono::steady_clock::now();
  std::exception_ptr failure;
  int64_t simulated = 0;
  try {
    const auto listen = [&](const Progress& progress) {
      if (given_up_) fail_run("stopped because nobody waits for the data any more");
      const std::lock_guard lock(mutex_);
      progress_ = progress;
    };
    const auto shard_is_there = [&](const std::string& split, size_t number) {
      const std::lock_guard lock(mutex_);
      shards_there_[split].insert(number);
      changed_.notify_all();
    };
    simulated =
        make_dataset(plan_, folder_, threads_, watcher_.with_progress(listen), {shard_is_there, &at_work_});
  } catch (...) {
    failure = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  failure_ = failure;
  finished_ = !failure;
  simulated_ = simulated;
  seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  changed_.notify_all();
}

template <class Condition>
void BackgroundDataset::wait_until(Condition&& reached, const Watcher& watcher) {
  at_work_ = threads_;
  std::unique_lock lock(mutex_);
  while (!reached()) {
    if (failure_) std::rethrow_exception(failure_);
    changed_.wait_for(lock, std::chrono::milliseconds(100));
    if (progress_.what.empty()) continue;
    const auto progress = progress_;
    lock.unlock();
    watcher.tell(progress);
    lock.lock();
  }
  at_work_ = threads_beside_;
}

void BackgroundDataset::wait_for(const std::string& split, int64_t trials, const Watcher& watcher) {
  const auto per_shard = plan_.data.trials_per_shard;
  const auto shards = static_cast<size_t>((trials + per_shard - 1) / per_shard);
  size_t first_missing = 0;
  wait_until(
      [&] {
        while (first_missing < shards && shards_there_[split].contains(first_missing)) ++first_missing;
        return first_missing == shards;
      },
      watcher);
}

int64_t BackgroundDataset::finish(const Watcher& watcher) {
  wait_until([&] { return finished_; }, watcher);
  return simulated_;
}

void BackgroundDataset::rethrow_failure() const {
  const std::lock_guard lock(mutex_);
  if (failure_) std::rethrow_exception(failure_);
}

bool BackgroundDataset::finished() const {
  const std::lock_guard lock(mutex_);
  return finished_;
}

Progress BackgroundDataset::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

double BackgroundDataset::seconds() const {
  const std::lock_guard lock(mutex_);
  return seconds_;
}

}  // namespace nt::produce
