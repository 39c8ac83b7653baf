#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <thread>
#include <vector>

#include "random/random.hpp"
#include "twin/parallel.hpp"

// For the tests of kernels.
namespace nt::twin {

/// Tasks on `count` threads, whichever is free.
inline Parallel threads(int count) {
  return {count, [count](int64_t tasks, const std::function<void(int64_t)>& task) {
            std::atomic<int64_t> next{0};
            std::vector<std::jthread> workers;
            for (int i = 0; i < count; ++i) {
              workers.emplace_back([&] {
                for (int64_t k; (k = next++) < tasks;) task(k);
              });
            }
          }};
}

template <class T>
std::vector<T> random_values(int64_t count, random::Random& random) {
  std::vector<T> values(count);
  for (auto& v : values) v = static_cast<T>(random.uniform() - 0.5);
  return values;
}

/// The largest difference, relative to the largest value.
template <class T>
double difference(const std::vector<T>& a, const std::vector<T>& b) {
  double largest = 0, off = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(b[i])));
    off = std::max(off, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
    if (std::isnan(a[i])) return INFINITY;
  }
  return largest > 0 ? off / largest : off;
}

}  // namespace nt::twin
