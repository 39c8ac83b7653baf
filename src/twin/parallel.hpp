#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace nt::twin {

/// How a kernel's independent tasks are run: run(n, f) calls f(0) .. f(n - 1), each once, in any order and
/// perhaps at the same time. Results depend neither on the order nor on `threads`. Tasks do not throw.
struct Parallel {
  int threads = 1;
  std::function<void(int64_t, const std::function<void(int64_t)>&)> run =
      [](int64_t tasks, const std::function<void(int64_t)>& task) {
        for (int64_t i = 0; i < tasks; ++i) task(i);
      };
  /// Where several processes compute a batch together, each some of its windows: puts in the place of numbers
  /// their sums over the processes. Empty where this process has all windows.
  std::function<void(std::span<double>)> sum_over_processes = {};
};

/// On threads of its own, asleep between calls; one that is held up takes fewer tasks (detail/workers.hpp).
Parallel on_threads(int threads);
/// On as many of them as the number says that somebody else may change.
Parallel on_threads(std::shared_ptr<const std::atomic<int>> threads);

}  // namespace nt::twin
