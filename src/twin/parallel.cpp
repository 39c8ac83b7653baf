#include "twin/parallel.hpp"

namespace neurontwin {

// In a file of its own, compiled with -fopenmp: at::parallel_for is a template that runs on one thread in any
// file compiled without it.
Parallel on_threads(int threads) {
  if (threads <= 1) return {};
  return {threads, [threads](int64_t tasks, const std::function<void(int64_t)>& task) {
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
            for (int64_t i = 0; i < tasks; ++i) task(i);
          }};
}

}  // namespace neurontwin
