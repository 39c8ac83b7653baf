#include "simulate/detail/cable_lanes.hpp"

#include <algorithm>

namespace nt::simulate {
namespace {

/// `count` lanes of an ion's array from its values in compartments; `elsewhere` at nodes without membrane.
template <class T>
void fill(const CablePlan<T>& plan, Aligned<T>& array, const std::vector<double>& values, double elsewhere,
          size_t lane, size_t count) {
  const auto& nodes = plan.tree.order.nodes;
  const size_t lanes = plan.kernels.lanes;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const int c = nodes[i].compartment;
    std::fill_n(array.data() + i * lanes + lane, count, static_cast<T>(c < 0 ? elsewhere : values[c]));
  }
}

template <class T>
ZoneLanes<T> make_zone_lanes(const CablePlan<T>& plan, const ZonePlan<T>& zone, CableLanes<T>& lanes) {
  ZoneLanes<T> own;
  for (const auto& group : zone.groups)
    own.groups.push_back(make_group_lanes(group, plan.kernels.lanes, lanes.arrays));
  for (const auto& level : zone.levels) {
    auto& held = own.levels.emplace_back();
    if (level.stride > 1)
      held.held_rhs = Aligned<T>(lanes.v.size()), held.held_d = Aligned<T>(lanes.v.size());
    held.rhs = level.stride > 1 ? held.held_rhs.data() : lanes.rhs.data();
    held.d = level.stride > 1 ? held.held_d.data() : lanes.d.data();
  }
  return own;
}

/// The events that the instances of a group send to themselves in INITIAL, in one lane.
template <class T>
void start_events(const CablePlan<T>& plan, const cell::InitialState& from, const ZonePlan<T>& zone, size_t g,
                  size_t lane, EventQueue& queue) {
  const auto& group = zone.groups[g];
  const auto placement = static_cast<size_t>(group.placement - plan.cell.placements.data());
  for (const auto& event : from.events) {
    if (event.placement != placement) continue;
    const auto it = std::find(group.instance.begin(), group.instance.end(), event.instance);
    if (it == group.instance.end()) continue;
    const auto i = static_cast<size_t>(it - group.instance.begin());
    send(queue,
         {{0, (group.node[i] - zone.first_node) / kBlockNodes, static_cast<int32_t>(g),
           static_cast<int32_t>(i), static_cast<int32_t>(lane), 0, event.time_ms},
          event.flag,
          0},
         0, zone.dt_ms);
  }
}

/// `count` lanes from `lane` on.
template <class T>
void start_lanes(const CablePlan<T>& plan, CableLanes<T>& lanes, const cell::InitialState& from, size_t lane,
                 size_t count) {
  const size_t L = plan.kernels.lanes;
  for (const auto& ion : plan.ions) {
    const auto& resting = plan.cell.ions.at(ion.name);
    const auto& state = from.ions.at(ion.name);
    fill(plan, lanes.arrays[ion.inside], state.inside_mM, resting.inside_mM, lane, count);
    fill(plan, lanes.arrays[ion.outside], state.outside_mM, resting.outside_mM, lane, count);
    fill(plan, lanes.arrays[ion.reversal], state.reversal_mV, 0, lane, count);
  }
  for (size_t z = 0; z < plan.zones.size(); ++z) {
    const auto& groups = plan.zones[z].groups;
    for (size_t g = 0; g < groups.size(); ++g) {
      const auto& group = groups[g];
      const auto& values = from.stored[group.placement - plan.cell.placements.data()];
      const size_t stored = group.mechanism().stored.size();
      for (size_t own = lane; own < lane + count; ++own)
        start_events(plan, from, plan.zones[z], g, own, lanes.zones[z].events);
      for (size_t i = 0; i < group.instances(); ++i)
        for (size_t s = 0; s < stored; ++s)
          std::fill_n(lanes.zones[z].groups[g].stored.data() + (i * stored + s) * L + lane, count,
                      static_cast<T>(values[group.instance[i] * stored + s]));
    }
  }
}

}  // namespace

template <class T>
CableLanes<T> make_cable_lanes(const CablePlan<T>& plan) {
  CableLanes<T> lanes;
  const size_t size = static_cast<size_t>(plan.tree.nodes()) * plan.kernels.lanes;
  for (auto* array : {&lanes.v, &lanes.rhs, &lanes.d}) *array = Aligned<T>(size);
  lanes.trials.resize(plan.kernels.lanes);
  for (size_t k = 0; k < plan.arrays.size(); ++k) lanes.arrays.emplace_back(size);
  for (const auto& zone : plan.zones) lanes.zones.push_back(make_zone_lanes(plan, zone, lanes));
  for (auto* array : {&lanes.drive_start, &lanes.drive_middle, &lanes.drive_slope, &lanes.drive_v})
    *array = Aligned<T>(static_cast<size_t>(plan.root_nodes()) * plan.kernels.lanes);
  return lanes;
}

template <class T>
void start(const CablePlan<T>& plan, CableLanes<T>& lanes) {
  const size_t L = plan.kernels.lanes;
  std::fill_n(lanes.v.data(), lanes.v.size(), static_cast<T>(plan.cell.initial_mV));
  for (auto& array : lanes.arrays) std::fill_n(array.data(), array.size(), T{});
  for (auto& zone : lanes.zones) zone.events = {};
  if (!plan.draws_at_start) return start_lanes(plan, lanes, plan.initial, 0, L);
  for (size_t lane = 0; lane < L; ++lane)
    start_lanes(plan, lanes, cell::initial_state(plan.cell, plan.spec.dt_ms, lanes.trials[lane]), lane, 1);
}

template CableLanes<float> make_cable_lanes(const CablePlan<float>&);
template CableLanes<double> make_cable_lanes(const CablePlan<double>&);
template void start(const CablePlan<float>&, CableLanes<float>&);
template void start(const CablePlan<double>&, CableLanes<double>&);

}  // namespace nt::simulate
