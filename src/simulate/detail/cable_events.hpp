#pragma once
#include <span>
#include <vector>

#include "simulate/detail/cable_plan.hpp"

namespace nt::simulate {

/// A synapse of one trial receives `weight` at the start of a step.
struct Event {
  int64_t step;
  int32_t block, group, instance, lane;
  double weight, time_ms;
};

/// An event that an instance has sent to itself.
struct SelfEvent {
  Event event;
  double flag;
  int64_t number;  // how many have been sent before it
};

/// The input of a zone in the order of its delivery, and which of it is next; and what its instances have
/// sent to themselves, a heap with the first to be delivered on top.
struct EventQueue {
  std::vector<Event> events;
  size_t next = 0;
  std::vector<SelfEvent> own;
  int64_t sent = 0;
  std::vector<double> symbols, outputs, memory;  // of the tapes
};

template <class T>
struct CableLanes;

/// The input of each lane as events of each zone; what comes after the end is left out. InputError where it
/// names a synapse that the cell does not have.
template <class T>
std::vector<EventQueue> queue_events(const CablePlan<T>& plan, std::span<const stimulus::TimedInput> inputs,
                                     int64_t duration_ms);

/// Puts an event that an instance sends to itself into the queue. `step`: it comes then at the earliest.
void send(EventQueue& queue, SelfEvent event, int64_t step, double dt_ms);

/// WATCHes of this step and block of nodes, and its events: what they do to the states of their synapses.
template <class T>
void deliver(const CablePlan<T>& plan, CableLanes<T>& lanes, size_t zone, int64_t step, size_t block);

}  // namespace nt::simulate
