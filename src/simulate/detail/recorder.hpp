#pragma once
#include <cstdint>
#include <vector>

#include "simulate/cable.hpp"

namespace nt::simulate {

inline constexpr double kSample_ms = 0.125;

/// Follows the voltage of one node: samples of it at multiples of 1/8 ms, between steps by a straight line.
template <class T>
class Probe {
 public:
  /// `v`: [lane] of the node. `trace` yields a trial's samples.
  Probe(const T* v, size_t lanes, size_t trials, int64_t duration_ms)
      : v_(v), before_(lanes), traces_(trials), samples_(duration_ms * 8) {
    for (auto& trace : traces_) trace.reserve(samples_);
  }
  void start() { take(1); }
  void before_step() { std::copy_n(v_, before_.size(), before_.data()); }
  void after_step(double t_ms, double dt_ms) {
    constexpr double tiny = 1e-9;
    while (taken_ < samples_ && static_cast<double>(taken_) * kSample_ms <= t_ms + tiny) {
      const double behind = (t_ms - static_cast<double>(taken_) * kSample_ms) / dt_ms;
      take(static_cast<T>(1 - (behind > tiny ? behind : 0)));
    }
  }
  std::vector<float>& trace(size_t trial) { return traces_[trial]; }

 private:
  void take(T weight) {
    for (size_t lane = 0; lane < traces_.size(); ++lane) {
      const T a = before_[lane], b = v_[lane];
      traces_[lane].push_back(static_cast<float>(weight == 1 ? b : a + weight * (b - a)));
    }
    ++taken_;
  }

  const T* v_;
  std::vector<T> before_;
  std::vector<std::vector<float>> traces_;
  int64_t samples_, taken_ = 0;
};

}  // namespace nt::simulate
