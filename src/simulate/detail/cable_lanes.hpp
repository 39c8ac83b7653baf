#pragma once
#include <vector>

#include "simulate/detail/cable_events.hpp"
#include "simulate/detail/cable_plan.hpp"

namespace nt::simulate {

/// Where a level's currents go: held between its updates, or, of the fastest level, the cable equation
/// itself.
template <class T>
struct LevelLanes {
  Aligned<T> held_rhs, held_d;  // [node][lane]
  T *rhs = nullptr, *d = nullptr;
};

template <class T>
struct ZoneLanes {
  std::vector<GroupLanes<T>> groups;  // of each of ZonePlan::groups
  std::vector<LevelLanes<T>> levels;  // of each of ZonePlan::levels
  EventQueue events;
};

/// The state of trials side by side, one per lane: all that changes from step to step. Arrays are
/// [node][lane].
template <class T>
struct CableLanes {
  Aligned<T> v, rhs, d;            // mV, mA/cm2, S/cm2
  std::vector<Aligned<T>> arrays;  // of the ions, of each number of CablePlan::arrays
  std::vector<ZoneLanes<T>> zones;
  std::vector<random::TrialKey> trials;                        // of each lane: what mechanisms draw from
  Aligned<T> drive_start, drive_middle, drive_slope, drive_v;  // of the nodes with small steps

  const T* array(const CablePlan<T>& plan, const std::string& name) const {
    const auto number = plan.arrays.find(name);
    return number ? arrays[*number].data() : nullptr;
  }
};

template <class T>
CableLanes<T> make_cable_lanes(const CablePlan<T>& plan);

/// Every lane as the neuron is at 0 ms in its trial, without input.
template <class T>
void start(const CablePlan<T>& plan, CableLanes<T>& lanes);

}  // namespace nt::simulate
