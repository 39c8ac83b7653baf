#include "simulate/detail/cable_events.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "config/error.hpp"
#include "simulate/detail/event_source.hpp"

namespace nt::simulate {
namespace {

/// What a spike of each synapse of a kind does.
template <class T>
std::vector<std::vector<EventTarget>> targets_of(const CablePlan<T>& plan,
                                                 const cell::SynapseGroup& synapses) {
  // Where each instance of each placement went.
  std::map<std::pair<size_t, size_t>, EventTarget> place;
  for (size_t z = 0; z < plan.zones.size(); ++z) {
    for (size_t g = 0; g < plan.zones[z].groups.size(); ++g) {
      const auto& group = plan.zones[z].groups[g];
      if (!group.mechanism().receiving) continue;
      const auto placement = static_cast<size_t>(group.placement - plan.cell.placements.data());
      for (size_t i = 0; i < group.instances(); ++i)
        place[{placement, group.instance[i]}] = {z, g, i, 0, 0, false};
    }
  }
  std::vector<std::vector<EventTarget>> targets;
  std::set<std::pair<size_t, size_t>> reached;
  for (const auto& connection : cell::connections_of(plan.cell, synapses)) {
    const auto& m = plan.cell.placements[connection.placement].mechanism();
    const bool first = reached.emplace(connection.placement, connection.instance).second;
    if (!first && (m.receiving->keeps_weight || m.receiving->arguments.size() > 1))
      fail_input(
          "{}: two input streams reach one instance of it, and its NET_RECEIVE has variables of each stream; "
          "give "
          "each stream a point process of its own",
          m.path);
    targets.resize(static_cast<size_t>(connection.synapse) + 1);
    auto target = place.at({connection.placement, connection.instance});
    target.weight = connection.weight;
    target.delay_ms = connection.delay_ms;
    target.keeps_weight = m.receiving->keeps_weight;
    targets.back().push_back(target);
  }
  return targets;
}

/// An event's weight: its own, or that of the synapse where it is NaN. An event may have its own unless the
/// weight is a variable of the stream.
double weight_of(double own, const EventTarget& target, const cell::SynapseGroup& synapses) {
  if (std::isnan(own)) return target.weight;
  if (target.keeps_weight)
    fail_input(
        "input with a weight for each event of {} synapses, whose NET_RECEIVE changes its weight itself; "
        "leave the weights out",
        synapses.name);
  return own;
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

SharedDelivery shared_delivery(double time_ms, double dt_ms) {
  constexpr double kRounding = 1e-6;  // in steps
  const double place = std::max(0.0, time_ms / dt_ms), nearest = std::round(place);
  if (std::abs(place - nearest) < kRounding) return {static_cast<int64_t>(nearest), 0};
  const double step = std::floor(place);
  return {static_cast<int64_t>(step), place - step};
}

template <class T>
EventSource<T>::EventSource(const CablePlan<T>& plan)
    : plan_(plan),
      excitatory_(targets_of(plan, plan.cell.excitatory)),
      inhibitory_(targets_of(plan, plan.cell.inhibitory)) {
  for (const auto& zone : plan.zones) steps_.emplace_back(zone.dt_ms);
}

template <class T>
void EventSource<T>::send(const EventTarget& to, int32_t lane, double time_ms, double weight,
                          std::vector<EventQueue>& queues) {
  const auto& zone = plan_.zones[to.zone];
  const auto& group = zone.groups[to.group];
  const auto queue = [&](int64_t step, double some_of_weight) {
    queues[to.zone].events.push_back({.step = step,
                                      .block = (group.node[to.instance] - zone.first_node) / kBlockNodes,
                                      .group = static_cast<int32_t>(to.group),
                                      .instance = static_cast<int32_t>(to.instance),
                                      .lane = lane,
                                      .weight = some_of_weight,
                                      .time_ms = time_ms});
  };
  if (plan_.spec.scheme == Scheme::backward_euler || group.program)
    return queue(steps_[to.zone].of(time_ms), weight);
  const auto [step, later] = shared_delivery(time_ms, zone.dt_ms);
  queue(step, (1 - later) * weight);
  if (later > 0) queue(step + 1, later * weight);
}

template <class T>
void EventSource<T>::add(bool excitatory, uint32_t synapse, int32_t lane, double time_ms, double weight,
                         double until_ms, std::vector<EventQueue>& queues) {
  const auto& synapses = excitatory ? plan_.cell.excitatory : plan_.cell.inhibitory;
  const auto& targets = excitatory ? excitatory_ : inhibitory_;
  if (synapse >= targets.size())
    fail_input("an input spike of {0} synapse {1}; the neuron has {2} {0} synapses, counted from 0",
               synapses.name, synapse, targets.size());
  for (const auto& target : targets[synapse])
    if (time_ms + target.delay_ms <= until_ms)
      send(target, lane, time_ms + target.delay_ms, weight_of(weight, target, synapses), queues);
}

template <class T>
void EventSource<T>::add_regular(int32_t lane, double from_ms, double until_ms,
                                 std::vector<EventQueue>& queues) {
  const auto of_kind = [&](const cell::SynapseGroup& synapses,
                           const std::vector<std::vector<EventTarget>>& targets) {
    for (const auto& regular : synapses.regular) {
      for (size_t s = 0; s < targets.size(); ++s) {
        if (regular.synapse && *regular.synapse != static_cast<int>(s)) continue;
        for (const auto& target : targets[s]) {
          for (int64_t k = 0; k < regular.number && regular.time_ms(k) <= until_ms; ++k) {
            const double time_ms = regular.time_ms(k) + target.delay_ms;
            if (time_ms > from_ms && time_ms <= until_ms) send(target, lane, time_ms, target.weight, queues);
          }
        }
      }
    }
  };
  of_kind(plan_.cell.excitatory, excitatory_);
  of_kind(plan_.cell.inhibitory, inhibitory_);
}

void sort_events(EventQueue& queue) {
  std::stable_sort(queue.events.begin(), queue.events.end(), [](const Event& a, const Event& b) {
    return std::tuple(a.step, a.block, a.time_ms) < std::tuple(b.step, b.block, b.time_ms);
  });
}

template <class T>
std::vector<EventQueue> queue_events(const CablePlan<T>& plan, std::span<const stimulus::TimedInput> inputs,
                                     int64_t duration_ms) {
  std::vector<EventQueue> queues(plan.zones.size());
  EventSource<T> source(plan);
  const auto until_ms = static_cast<double>(duration_ms);
  for (size_t lane = 0; lane < inputs.size(); ++lane) {
    for (const bool excitatory : {true, false}) {
      const auto& list = excitatory ? inputs[lane].excitatory : inputs[lane].inhibitory;
      for (size_t k = 0; k < list.time_ms.size(); ++k)
        source.add(excitatory, list.synapse[k], static_cast<int32_t>(lane), list.time_ms[k],
                   list.weight.empty() ? kWeightOfSynapse : list.weight[k], until_ms, queues);
    }
    source.add_regular(static_cast<int32_t>(lane), kBeforeAll_ms, until_ms, queues);
  }
  for (auto& queue : queues) sort_events(queue);
  return queues;
}

template class EventSource<float>;
template class EventSource<double>;
template std::vector<EventQueue> queue_events(const CablePlan<float>&, std::span<const stimulus::TimedInput>,
                                              int64_t);
template std::vector<EventQueue> queue_events(const CablePlan<double>&, std::span<const stimulus::TimedInput>,
                                              int64_t);
}  // namespace nt::simulate
