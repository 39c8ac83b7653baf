#pragma once
#include <limits>
#include <vector>

#include "simulate/detail/cable_events.hpp"

namespace nt::simulate {

/// Where an event of a synapse goes, and when: to an instance of a zone's group, after a delay.
struct EventTarget {
  size_t zone, group, instance;
  double weight, delay_ms;
  bool keeps_weight;  // its NET_RECEIVE changes the weight itself
};

/// Stands for the synapse's own weight.
inline constexpr double kWeightOfSynapse = std::numeric_limits<double>::quiet_NaN();
/// Earlier than any event.
inline constexpr double kBeforeAll_ms = -std::numeric_limits<double>::infinity();

/// Makes events of input spikes, each for a queue of [zone]; in no order: sort_events() puts them into one.
template <class T>
class EventSource {
 public:
  /// The plan must outlive it.
  explicit EventSource(const CablePlan<T>& plan);
  /// Of a spike of a lane's synapse, numbered among its kind. What comes after `until_ms` is left out.
  /// InputError where the cell has no such synapse, or it takes no weight of an event's own.
  void add(bool excitatory, uint32_t synapse, int32_t lane, double time_ms, double weight, double until_ms,
           std::vector<EventQueue>& queues);
  /// Of the neuron's own regular input, after `from_ms` and up to `until_ms`.
  void add_regular(int32_t lane, double from_ms, double until_ms, std::vector<EventQueue>& queues);

 private:
  void send(const EventTarget& to, int32_t lane, double time_ms, double weight,
            std::vector<EventQueue>& queues);

  const CablePlan<T>& plan_;
  std::vector<std::vector<EventTarget>> excitatory_, inhibitory_;  // of each synapse
  std::vector<DeliverySteps> steps_;                               // of each zone
};

/// In the order of delivery; events alike stay in theirs.
void sort_events(EventQueue& queue);

}  // namespace nt::simulate
