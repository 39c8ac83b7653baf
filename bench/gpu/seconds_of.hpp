#pragma once
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>

namespace nt::bench {

/// Where a measurement puts what it has found so far, and what writes that down: a later one may not come to
/// its end.
struct Results {
  nlohmann::ordered_json& all;
  std::function<void()> keep;
};

template <class Work>
double seconds_of(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace nt::bench
