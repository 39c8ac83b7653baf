#include "simulate/detail/cable_currents.hpp"

#include <algorithm>

namespace nt::simulate {
namespace {

/// One zone at one step.
template <class T>
struct Zone {
  const CablePlan<T>& plan;
  const ZonePlan<T>& zone;
  CableLanes<T>& lanes;
  ZoneLanes<T>& own;
  size_t zone_number;
  bool states_are_there = false;

  mechanism::KernelArguments<T> arguments(size_t g, size_t block, const std::vector<T>& fixed, double t_ms,
                                          T* to_rhs = nullptr, T* to_d = nullptr) {
    const auto& group = zone.groups[g];
    auto& state = own.groups[g];
    return {.first = group.block_start[block],
            .last = group.block_start[block + 1],
            .node = group.node.data(),
            .fixed = fixed.data(),
            .stored = state.stored.data(),
            .v = lanes.v.data(),
            .rhs = to_rhs,
            .d = to_d,
            .ion = state.ions.data(),
            .ion_slope = state.ion_slopes.data(),
            .table = group.table.data(),
            .stream = group.streams.data(),
            .trial = lanes.trials.data(),
            .t = static_cast<T>(t_ms),
            .endless = &state.endless};
  }
  T* array(size_t number) { return lanes.arrays[number].data(); }

  /// The states and currents of a level, from the middle of the step before to the middle of this.
  void update(size_t l, int64_t step, size_t block) {
    const auto& level = zone.levels[l];
    const double start_ms = static_cast<double>(step) * zone.dt_ms;
    if (step > 0 && !states_are_there) advance_states(level, block, start_ms);
    if (l == 0 && zone.has_moments) {
      deliver(plan, lanes, zone_number, step, block);
      execute_moment(mechanism::kBeforeBreakpoint, block, start_ms + zone.dt_ms / 2);
    }
    update_reversal_potentials(l, block);
    if (l > 0 && level.conducting.empty()) return;
    if (l == 0 && !zone.has_moments) deliver(plan, lanes, zone_number, step, block);
    begin_sums(l, block);
    for (const size_t g : level.conducting) {
      const auto& group = zone.groups[g];
      if (group.kernels.current && group.is_in(block))
        group.kernels.current(arguments(g, block, group.fixed_current, start_ms + zone.dt_ms / 2,
                                        own.levels[l].rhs, own.levels[l].d));
    }
    if (l > 0) hold(l, block);
  }

  void advance_states(const LevelPlan& level, size_t block, double t_ms) {
    for (const auto& [g, part] : level.advancing) {
      const auto& group = zone.groups[g];
      if (group.is_in(block))
        group.kernels.advance[part](arguments(g, block, group.fixed_advance[part], t_ms));
    }
  }

  void execute_moment(mechanism::MomentName name, size_t block, double t_ms) {
    for (size_t g = 0; g < zone.groups.size(); ++g) {
      const auto& group = zone.groups[g];
      if (const auto execute = group.kernels.moment[name]; execute != nullptr && group.is_in(block))
        execute(arguments(g, block, group.fixed_moment[name], t_ms));
    }
  }

  void update_reversal_potentials(size_t l, size_t block) {
    for (size_t k = 0; k < plan.ions.size(); ++k) {
      const auto& ion = plan.ions[k];
      const auto& here = zone.ions[k];
      if (l != here.level) continue;
      plan.kernels.nernst(array(ion.reversal), array(ion.inside), array(ion.outside),
                          here.changing_nodes.data(), here.changing_blocks[block],
                          here.changing_blocks[block + 1], static_cast<T>(ion.nernst_mV));
    }
  }

  /// The next slower level that has currents.
  const LevelLanes<T>* below(size_t l) const {
    for (size_t slower = l + 1; slower < zone.levels.size(); ++slower)
      if (!zone.levels[slower].conducting.empty()) return &own.levels[slower];
    return nullptr;
  }
  int64_t first_node(size_t block) const {
    return static_cast<int64_t>(zone.first_node) + static_cast<int64_t>(block) * kBlockNodes;
  }
  int64_t last_node(size_t block) const {
    return std::min(first_node(block) + kBlockNodes, static_cast<int64_t>(zone.last_node));
  }

  /// What the currents of a level are added to.
  void begin_sums(size_t l, size_t block) {
    auto& to = own.levels[l];
    const int64_t first = first_node(block), last = last_node(block);
    const T* diagonal = zone.diagonal.data();
    const auto* slower = below(l);
    if (!slower) {
      plan.kernels.reset(to.rhs, to.d, diagonal, first, last);
    } else if (l == 0) {
      plan.kernels.resume(to.rhs, to.d, lanes.v.data(), slower->rhs, slower->d, diagonal, first, last);
    } else {
      const size_t from = static_cast<size_t>(first) * plan.kernels.lanes,
                   end = static_cast<size_t>(last) * plan.kernels.lanes;
      std::fill(to.rhs + from, to.rhs + end, T{});
      std::copy(slower->d + from, slower->d + end, to.d + from);
    }
    for (const auto& sum : zone.levels[l].sums) {
      const auto& here = zone.ions[sum.ion];
      plan.kernels.clear(array(sum.current), array(sum.slope), here.nodes.data(), here.blocks[block],
                         here.blocks[block + 1]);
    }
  }

  /// Currents as straight lines of v until the level's next update.
  void hold(size_t l, size_t block) {
    auto& of = own.levels[l];
    const auto* slower = below(l);
    plan.kernels.hold(of.rhs, of.d, lanes.v.data(), slower ? slower->rhs : nullptr,
                      slower ? slower->d : nullptr, zone.diagonal.data(), first_node(block),
                      last_node(block));
    for (const auto& sum : zone.levels[l].sums) {
      const auto& here = zone.ions[sum.ion];
      plan.kernels.follow(array(sum.current), array(sum.slope), lanes.v.data(), T(-1), here.nodes.data(),
                          here.blocks[block], here.blocks[block + 1]);
    }
  }

  /// An ion's current now, for those who read it, at its nodes number `first` to `last`.
  void gather(size_t k, int64_t first, int64_t last) {
    const auto& ion = plan.ions[k];
    const int32_t* node = zone.ions[k].nodes.data();
    plan.kernels.clear(array(*ion.current), nullptr, node, first, last);
    for (size_t l = 0; l < zone.levels.size(); ++l) {
      for (const auto& sum : zone.levels[l].sums) {
        if (sum.ion == k)
          plan.kernels.gather(array(*ion.current), array(sum.current), l > 0 ? array(sum.slope) : nullptr,
                              lanes.v.data(), node, first, last);
      }
    }
  }
};

/// What diffuses, after all states have been advanced.
template <class T>
void diffuse_all(const CablePlan<T>& plan, CableLanes<T>& lanes) {
  const size_t L = plan.kernels.lanes;
  for (const auto& d : plan.diffusions) {
    const auto address = [&](size_t i) {
      const auto& at = d.instances[i];
      const auto& group = plan.zones[at.zone].groups[at.group];
      if (d.array) return lanes.arrays[*d.array].data() + static_cast<size_t>(group.node[at.place]) * L;
      return lanes.zones[at.zone].groups[at.group].stored.data() +
             (at.place * group.mechanism().stored.size() + d.stored) * L;
    };
    diffuse<T>(d.step, L, address);
  }
}

}  // namespace

template <class T>
void evaluate_mechanisms(const CablePlan<T>& plan, CableLanes<T>& lanes, size_t z, int64_t step) {
  Zone<T> at{plan, plan.zones[z], lanes, lanes.zones[z], z};
  const auto& zone = at.zone;
  const bool diffuses = !plan.diffusions.empty() && z + 1 == plan.zones.size();
  if ((diffuses || zone.has_moments) && step > 0) {
    at.states_are_there = true;
    const double start_ms = static_cast<double>(step) * zone.dt_ms;
    for (size_t block = 0; block < zone.blocks(); ++block)
      for (size_t l = zone.levels.size(); l-- > 0;)
        if (step % zone.levels[l].stride == 0) at.advance_states(zone.levels[l], block, start_ms);
    if (diffuses) diffuse_all(plan, lanes);
    for (const auto moment : {mechanism::kAfterSolve, mechanism::kBeforeStep})
      for (size_t block = 0; block < zone.blocks() && zone.has_moments; ++block)
        at.execute_moment(moment, block, start_ms);
  }
  for (size_t block = 0; block < zone.blocks(); ++block) {
    for (size_t l = zone.levels.size(); l-- > 0;)
      if (step % zone.levels[l].stride == 0) at.update(l, step, block);
    for (size_t k = 0; k < plan.ions.size(); ++k) {
      // In the middle between updates of the concentration, which the current carries from one to the next.
      const int64_t wait = zone.levels[zone.ions[k].level].stride;
      if (plan.ions[k].current && wait > 1 && step % wait == wait / 2)
        at.gather(k, zone.ions[k].blocks[block], zone.ions[k].blocks[block + 1]);
    }
  }
}

template <class T>
void follow_ion_currents(const CablePlan<T>& plan, CableLanes<T>& lanes, size_t z) {
  Zone<T> at{plan, plan.zones[z], lanes, lanes.zones[z], z};
  const auto& zone = at.zone;
  for (size_t k = 0; k < plan.ions.size(); ++k) {
    if (!plan.ions[k].current || zone.levels[zone.ions[k].level].stride > 1) continue;
    const auto last = static_cast<int64_t>(zone.ions[k].nodes.size());
    at.gather(k, 0, last);
    if (plan.spec.scheme == Scheme::backward_euler) continue;
    for (size_t l = 0; l < zone.levels.size(); ++l) {
      // v is at the end of the step; the fastest level's currents are of its start.
      const T sign = l == 0 ? T(1) : T(-1);
      for (const auto& sum : zone.levels[l].sums)
        if (sum.ion == k)
          plan.kernels.follow(at.array(*plan.ions[k].current), at.array(sum.slope), lanes.rhs.data(), sign,
                              zone.ions[k].nodes.data(), 0, last);
    }
  }
}

template void evaluate_mechanisms(const CablePlan<float>&, CableLanes<float>&, size_t, int64_t);
template void evaluate_mechanisms(const CablePlan<double>&, CableLanes<double>&, size_t, int64_t);
template void follow_ion_currents(const CablePlan<float>&, CableLanes<float>&, size_t);
template void follow_ion_currents(const CablePlan<double>&, CableLanes<double>&, size_t);

}  // namespace nt::simulate
