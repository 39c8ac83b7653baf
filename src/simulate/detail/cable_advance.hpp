#pragma once
#include <functional>

#include "simulate/detail/cable_lanes.hpp"

namespace nt::simulate {

/// Told before and after each step of a zone, at whose end it is `t_ms`.
struct StepListener {
  std::function<void(size_t zone)> before;
  std::function<void(size_t zone, double t_ms)> after;
};

/// One time step, number `step` from 0, of all lanes: docs/simulator.md draws it.
template <class T>
void advance(const CablePlan<T>& plan, CableLanes<T>& lanes, int64_t step, const StepListener& listener);

}  // namespace nt::simulate
