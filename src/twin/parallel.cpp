#include "twin/parallel.hpp"

namespace neurontwin {

// In a file of its own, the only one that is compiled with -fopenmp.
Parallel on_threads(int threads) {
  if (threads <= 1) return {};
  return {threads, [threads](int64_t tasks, const std::function<void(int64_t)>& task) {
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
            for (int64_t i = 0; i < tasks; ++i) task(i);
          }};
}

}  // namespace neurontwin
