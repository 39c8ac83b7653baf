#include "twin/parallel.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
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

TEST(Parallel, RunsTasksOfTasksAndOfSeveralCallers) {
  const auto parallel = on_threads(3);
  std::atomic<int> times{0};
  const auto many = [&] { parallel.run(50, [&](int64_t) { parallel.run(10, [&](int64_t) { ++times; }); }); };
  std::thread other(many);
  many();
  other.join();
  EXPECT_EQ(times, 1000);
}

TEST(Parallel, FollowsANumberOfThreadsThatChanges) {
  const auto threads = std::make_shared<std::atomic<int>>(1);
  const auto parallel = on_threads(threads);
  for (const int now : {1, 3, 1, 2, 4}) {
    *threads = now;
    std::atomic<int> times{0}, at_once{0}, most{0};
    parallel.run(200, [&](int64_t) {
      const int together = ++at_once;
      for (int seen = most; seen < together && !most.compare_exchange_weak(seen, together);) {
      }
      ++times;
      --at_once;
    });
    EXPECT_EQ(times, 200);
    EXPECT_LE(most, now);
  }
}

double processor_ms() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

TEST(Parallel, WaitsWithoutTheProcessor) {
  const auto parallel = on_threads(4);
  parallel.run(8, [](int64_t) {});
  const double before_ms = processor_ms();
  parallel.run(2, [](int64_t i) {
    if (i == 0) std::this_thread::sleep_for(std::chrono::milliseconds(200));
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(processor_ms() - before_ms, 40);  // a thread that spins takes 200
}

TEST(Parallel, WorksInAChildOfTheProcessThatHasTheThreads) {
  auto parallel = std::make_unique<Parallel>(on_threads(3));
  parallel->run(100, [](int64_t) {});
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    std::atomic<int> times{0};
    parallel->run(100, [&](int64_t) { ++times; });
    parallel.reset();
    _exit(times == 100 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace nt::twin
