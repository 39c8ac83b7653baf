#include "twin/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace nt::twin {
namespace {

TEST(Parallel, RunsEachTaskOnce) {
  for (const int threads : {1, 2, 3}) {
    std::vector<std::atomic<int>> times(1000);
    on_threads(threads).run(1000, [&](int64_t i) { ++times[i]; });
    for (const auto& n : times) EXPECT_EQ(n, 1);
  }
}

TEST(Parallel, RunsTasksAtTheSameTime) {
  // Each of two tasks waits for the other to begin: one thread alone would never come to the second.
  std::atomic<int> begun{0};
  std::atomic<bool> together{true};
  on_threads(2).run(2, [&](int64_t) {
    ++begun;
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (begun < 2) {
      std::this_thread::yield();
      if (std::chrono::steady_clock::now() > limit) {
        together = false;
        return;
      }
    }
  });
  EXPECT_TRUE(together);
}

}  // namespace
}  // namespace nt::twin
