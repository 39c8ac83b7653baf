#include "twin/detail/workers.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>

namespace nt::twin {

/// Tasks that follow one another, taken one by one from either end.
struct alignas(64) Workers::Share {
  std::atomic<uint64_t> left{0};  // its first task, and above 32 bits the end

  void set(int64_t first, int64_t end) {
    left = static_cast<uint64_t>(end) << 32 | static_cast<uint64_t>(first);
  }
  /// The next task from the front, by the thread whose share it is, or from the back; -1: none is left.
  int64_t take(bool from_front) {
    uint64_t now = left.load();
    for (;;) {
      const auto first = static_cast<int64_t>(now & 0xffffffff), end = static_cast<int64_t>(now >> 32);
      if (first >= end) return -1;
      const uint64_t then = from_front ? now + 1 : now - (uint64_t{1} << 32);
      if (left.compare_exchange_weak(now, then)) return from_front ? first : end - 1;
    }
  }
};

/// Thread k takes share k from its front, so that the same thread has the same tasks, and their data in its
/// cache, each time; then it takes what others have left, from the back: a thread that is held up does less.
struct Workers::Job {
  const Task& task;
  const std::span<Share> shares;
  int helpers = 0;  // at work

  void take(size_t thread) {
    for (size_t k = 0; k < shares.size(); ++k) {
      auto& share = shares[(thread + k) % shares.size()];
      for (int64_t i = share.take(k == 0); i >= 0; i = share.take(k == 0)) task(i);
    }
  }
};

std::shared_ptr<Workers> Workers::make() {
  // A child after fork() has the object and not the threads: it can neither join them nor wait for them.
  return {new Workers, [](Workers* workers) {
            if (workers->process_ == 0 || workers->process_ == getpid()) delete workers;
          }};
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  work_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void Workers::start(size_t count) {
  process_ = getpid();
  while (threads_.size() < count) {
    try {
      threads_.emplace_back([this, thread = threads_.size() + 1] { live(thread); });
    } catch (const std::system_error&) {
      return;  // no more threads to be had: those that are there do the work
    }
  }
}

void Workers::live(size_t thread) {
  std::unique_lock lock(mutex_);
  int64_t seen = 0;
  for (;;) {
    work_.wait(lock,
               [&] { return end_ || (job_ != nullptr && jobs_ != seen && thread < job_->shares.size()); });
    if (end_) return;
    seen = jobs_;
    Job& job = *job_;
    ++job.helpers;
    lock.unlock();
    job.take(thread);
    lock.lock();
    if (--job.helpers == 0) left_.notify_one();
  }
}

std::span<Workers::Share> Workers::deal(int64_t tasks, size_t threads) {
  if (shares_.size() < threads) shares_ = std::vector<Share>(threads);
  const auto shares = std::span(shares_).first(threads);
  const auto first = [&](size_t thread) { return static_cast<int64_t>(thread) * tasks / std::ssize(shares); };
  for (size_t k = 0; k < threads; ++k) shares[k].set(first(k), first(k + 1));
  return shares;
}

void Workers::run(int threads, int64_t tasks, const Task& task) noexcept {
  const auto sharing = static_cast<size_t>(std::max<int64_t>(1, std::min<int64_t>(threads, tasks)));
  std::unique_lock alone(running_, std::try_to_lock);
  if (sharing == 1 || !alone || (process_ != 0 && process_ != getpid())) {
    for (int64_t i = 0; i < tasks; ++i) task(i);
    return;
  }
  start(sharing - 1);
  Job job{task, deal(tasks, sharing)};
  {
    const std::lock_guard lock(mutex_);
    job_ = &job;
    ++jobs_;
  }
  work_.notify_all();
  job.take(0);
  std::unique_lock lock(mutex_);
  job_ = nullptr;
  left_.wait(lock, [&] { return job.helpers == 0; });
}

}  // namespace nt::twin
