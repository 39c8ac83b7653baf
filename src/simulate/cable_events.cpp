#include "simulate/detail/cable_events.hpp"

#include <algorithm>
#include <cmath>

#include "config/error.hpp"

namespace nt::simulate {
namespace {

/// The placement's instance is in this zone's group, as this number.
struct Address {
  size_t zone, group, instance;
};

/// Where each synapse of a kind went.
template <class T>
std::vector<Address> addresses_of(const CablePlan<T>& plan, const cell::SynapseGroup& synapses) {
  if (!synapses.placement) return {};
  const auto& placement = plan.cell.placements[*synapses.placement];
  std::vector<Address> addresses(placement.compartments.size());
  for (size_t z = 0; z < plan.zones.size(); ++z) {
    for (size_t g = 0; g < plan.zones[z].groups.size(); ++g) {
      const auto& group = plan.zones[z].groups[g];
      if (group.placement != &placement) continue;
      for (size_t i = 0; i < group.instances(); ++i) addresses[group.instance[i]] = {z, g, i};
    }
  }
  return addresses;
}

}  // namespace

int64_t DeliverySteps::of(double time_ms) {
  constexpr double kRounding = 1e-6;  // in steps
  const double place = time_ms / dt_ms_ - 0.5;
  const auto step = static_cast<size_t>(std::max(0.0, std::ceil(place - kRounding)));
  if (place < static_cast<double>(step) - kRounding) return static_cast<int64_t>(step);
  while (clock_ms_.size() <= step) {
    const double middle_ms = clock_ms_.back() + 0.5 * dt_ms_;
    clock_ms_.push_back(middle_ms + 0.5 * dt_ms_);
  }
  return static_cast<int64_t>(time_ms <= clock_ms_[step] + 0.5 * dt_ms_ ? step : step + 1);
}

template <class T>
std::vector<EventQueue> queue_events(const CablePlan<T>& plan, std::span<const stimulus::TimedInput> inputs,
                                     int64_t duration_ms) {
  std::vector<EventQueue> queues(plan.zones.size());
  std::vector<DeliverySteps> steps;  // of each zone
  for (const auto& zone : plan.zones) steps.emplace_back(zone.dt_ms);
  const auto excitatory = addresses_of(plan, plan.cell.excitatory),
             inhibitory = addresses_of(plan, plan.cell.inhibitory);
  for (size_t lane = 0; lane < inputs.size(); ++lane) {
    const auto add = [&](const stimulus::TimedEvents& list, const cell::SynapseGroup& synapses,
                         const std::vector<Address>& addresses) {
      for (size_t k = 0; k < list.time_ms.size(); ++k) {
        if (list.synapse[k] >= addresses.size())
          fail_input("an input spike of {0} synapse {1}; the neuron has {2} {0} synapses, counted from 0",
                     synapses.name, list.synapse[k], addresses.size());
        if (list.time_ms[k] > static_cast<double>(duration_ms)) continue;
        const auto at = addresses[list.synapse[k]];
        const auto& zone = plan.zones[at.zone];
        const int node = zone.groups[at.group].node[at.instance];
        queues[at.zone].events.push_back({.step = steps[at.zone].of(list.time_ms[k]),
                                          .block = (node - zone.first_node) / kBlockNodes,
                                          .group = static_cast<int32_t>(at.group),
                                          .instance = static_cast<int32_t>(at.instance),
                                          .lane = static_cast<int32_t>(lane),
                                          .weight = list.weight.empty() ? synapses.weight : list.weight[k]});
      }
    };
    add(inputs[lane].excitatory, plan.cell.excitatory, excitatory);
    add(inputs[lane].inhibitory, plan.cell.inhibitory, inhibitory);
  }
  for (auto& queue : queues)
    std::stable_sort(queue.events.begin(), queue.events.end(), [](const Event& a, const Event& b) {
      return std::pair(a.step, a.block) < std::pair(b.step, b.block);
    });
  return queues;
}

template <class T>
void deliver(const CablePlan<T>& plan, const ZonePlan<T>& zone, std::vector<GroupLanes<T>>& groups,
             EventQueue& queue, int64_t step, size_t block) {
  const auto& events = queue.events;
  for (; queue.next < events.size() && events[queue.next].step == step &&
         events[queue.next].block == static_cast<int32_t>(block);
       ++queue.next) {
    const auto& event = events[queue.next];
    const auto& group = zone.groups[static_cast<size_t>(event.group)];
    auto& states = groups[static_cast<size_t>(event.group)].stored;
    const size_t stored = group.mechanism().stored.size(), at = static_cast<size_t>(event.instance) * stored;
    for (size_t s = 0; s < stored; ++s)
      states[(at + s) * plan.kernels.lanes + static_cast<size_t>(event.lane)] +=
          static_cast<T>(event.weight) * group.event[at + s];
  }
}

template std::vector<EventQueue> queue_events(const CablePlan<float>&, std::span<const stimulus::TimedInput>,
                                              int64_t);
template std::vector<EventQueue> queue_events(const CablePlan<double>&, std::span<const stimulus::TimedInput>,
                                              int64_t);
template void deliver(const CablePlan<float>&, const ZonePlan<float>&, std::vector<GroupLanes<float>>&,
                      EventQueue&, int64_t, size_t);
template void deliver(const CablePlan<double>&, const ZonePlan<double>&, std::vector<GroupLanes<double>>&,
                      EventQueue&, int64_t, size_t);

}  // namespace nt::simulate
