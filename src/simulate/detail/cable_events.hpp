#pragma once
#include <span>
#include <vector>

#include "simulate/detail/cable_plan.hpp"

namespace nt::simulate {

/// A synapse of one trial receives `weight` at the start of a step.
struct Event {
  int64_t step;
  int32_t block, group, instance, lane;
  double weight;
};

/// The events of a zone in the order of their delivery, and which of them is next.
struct EventQueue {
  std::vector<Event> events;
  size_t next = 0;
};

/// The input of each lane as events of each zone; what comes after the end is left out. InputError where it
/// names a synapse that the cell does not have.
template <class T>
std::vector<EventQueue> queue_events(const CablePlan<T>& plan, std::span<const stimulus::TimedInput> inputs,
                                     int64_t duration_ms);

/// Adds the events of this step and block of nodes to the states of their synapses.
template <class T>
void deliver(const CablePlan<T>& plan, const ZonePlan<T>& zone, std::vector<GroupLanes<T>>& groups,
             EventQueue& queue, int64_t step, size_t block);

}  // namespace nt::simulate
