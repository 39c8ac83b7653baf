#include "twin/detail/workers.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>

namespace nt::twin {

/// Tasks are taken one by one: a thread that is held up takes fewer.
struct Workers::Job {
  const Task& task;
  const int64_t tasks;
  int helpers_wanted;  // how many more threads may come
  int helpers = 0;     // at work
  std::atomic<int64_t> next{0};

  void take() {
    for (int64_t i = next.fetch_add(1); i < tasks; i = next.fetch_add(1)) task(i);
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
      threads_.emplace_back([this] { live(); });
    } catch (const std::system_error&) {
      return;  // no more threads to be had: those that are there do the work
    }
  }
}

void Workers::live() {
  std::unique_lock lock(mutex_);
  int64_t seen = 0;
  for (;;) {
    work_.wait(lock, [&] { return end_ || (job_ != nullptr && jobs_ != seen); });
    if (end_) return;
    seen = jobs_;
    if (job_->helpers_wanted == 0) continue;
    Job& job = *job_;
    --job.helpers_wanted;
    ++job.helpers;
    lock.unlock();
    job.take();
    lock.lock();
    if (--job.helpers == 0) left_.notify_one();
  }
}

void Workers::run(int threads, int64_t tasks, const Task& task) noexcept {
  const auto helpers = static_cast<int>(std::min<int64_t>(threads, tasks)) - 1;
  std::unique_lock alone(running_, std::try_to_lock);
  Job job{task, tasks, std::max(0, helpers)};
  if (helpers <= 0 || !alone || (process_ != 0 && process_ != getpid())) return job.take();
  start(static_cast<size_t>(helpers));
  {
    const std::lock_guard lock(mutex_);
    job_ = &job;
    ++jobs_;
  }
  for (int i = 0; i < helpers; ++i) work_.notify_one();
  job.take();
  std::unique_lock lock(mutex_);
  job_ = nullptr;
  left_.wait(lock, [&] { return job.helpers == 0; });
}

}  // namespace nt::twin
