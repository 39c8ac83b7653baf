#include "twin/parallel.hpp"

#include <algorithm>

namespace nt::twin {

namespace {

void run_tasks(int threads, int64_t tasks, const std::function<void(int64_t)>& task) {
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
  for (int64_t i = 0; i < tasks; ++i) task(i);
}

}  // namespace

Parallel on_threads(int threads) {
  if (threads <= 1) return {};
  return {threads, [threads](int64_t tasks, const std::function<void(int64_t)>& task) {
            run_tasks(threads, tasks, task);
          }};
}

Parallel on_threads(std::shared_ptr<const std::atomic<int>> threads) {
  const int now = threads->load();
  return {now, [threads = std::move(threads)](int64_t tasks, const std::function<void(int64_t)>& task) {
            run_tasks(std::max(1, threads->load()), tasks, task);
          }};
}

}  // namespace nt::twin
