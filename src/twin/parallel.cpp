#include "twin/parallel.hpp"

#include <algorithm>

#include "twin/detail/workers.hpp"

namespace nt::twin {

Parallel on_threads(int threads) {
  if (threads <= 1) return {};
  return {threads, [threads, workers = Workers::make()](int64_t tasks, const Workers::Task& task) {
            workers->run(threads, tasks, task);
          }};
}

Parallel on_threads(std::shared_ptr<const std::atomic<int>> threads) {
  const int now = threads->load();
  return {now, [threads = std::move(threads), workers = Workers::make()](
                   int64_t tasks, const Workers::Task& task) { workers->run(threads->load(), tasks, task); }};
}

}  // namespace nt::twin
