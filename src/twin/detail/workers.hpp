#pragma once
#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace nt::twin {

/// Threads that sleep until there is work, so that other programs have the cores meanwhile. They are started
/// when they are first needed and end with this object.
class Workers {
 public:
  using Task = std::function<void(int64_t)>;

  static std::shared_ptr<Workers> make();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Calls task(0) .. task(tasks - 1), each once, on the caller's thread and up to `threads` - 1 others, and
  /// comes back when all are done. Called while it runs (by a task, or by another thread), or in a child of
  /// the process that made the threads, it takes the caller's thread alone. Tasks do not throw.
  void run(int threads, int64_t tasks, const Task& task) noexcept;

 private:
  struct Share;
  struct Job;
  Workers() = default;
  ~Workers();
  void start(size_t count);
  void live(size_t thread);
  std::span<Share> deal(int64_t tasks, size_t threads);

  std::mutex running_;  // one job at a time
  std::mutex mutex_;    // of what follows
  std::condition_variable work_, left_;
  Job* job_ = nullptr;
  int64_t jobs_ = 0;  // so far
  bool end_ = false;
  std::vector<std::thread> threads_;
  std::vector<Share> shares_;
  pid_t process_ = 0;
};

}  // namespace nt::twin
