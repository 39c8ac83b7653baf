#include "simulate/cable.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <optional>
#include <utility>

#include "cell/physical.hpp"
#include "config/error.hpp"
#include "simulate/cable_step.hpp"
#include "simulate/flush_subnormals.hpp"
#include "simulate/group.hpp"
#include "simulate/in_parallel.hpp"
#include "simulate/initial_state.hpp"
#include "simulate/quantity_recorder.hpp"
#include "simulate/recorder.hpp"
#include "simulate/unphysical_voltage.hpp"

namespace neurontwin {
namespace {

/// Concentrations are updated this often: their currents follow spikes.
constexpr double kConcentrationWait_ms = 0.1;

struct Event {
  int64_t step;
  int32_t block, group, instance, lane;
  double weight;
};

/// A part of a group's states.
struct Part {
  size_t group, part;
};

/// What is updated once in `stride` steps. Between updates currents are straight lines of v, held as their
/// values at v = 0 and their slopes.
template <class T>
struct Level {
  int64_t stride = 1;
  std::vector<Part> advancing;
  std::vector<size_t> conducting;  // groups
  Aligned<T> held_rhs, held_d;     // [node][lane]; the fastest level's go into the cable equation instead
  T *rhs = nullptr, *d = nullptr;
  T *calcium_current = nullptr,
    *calcium_slope = nullptr;  // what this level's channels let in; not held in the fastest level
};

/// Nodes that take the same steps.
template <class T>
struct Zone {
  int first_node = 0, last_node = 0;
  double dt_ms = 0;
  std::vector<T> diagonal;  // [node of the whole cell]: capacitance and axial conductances inside the zone
  std::vector<Group<T>> groups;
  std::vector<Level<T>> levels;        // the fastest first
  size_t calcium_level = 0;            // where concentrations are updated
  std::vector<int32_t> calcium_nodes;  // where a mechanism has to do with calcium
  std::vector<int64_t> calcium_blocks;
  std::vector<int32_t> changing_nodes;  // those whose concentration a mechanism changes
  std::vector<int64_t> changing_blocks;
  std::vector<Event> events;
  size_t next_event = 0;

  size_t blocks() const {
    return static_cast<size_t>((last_node - first_node + kBlockNodes - 1) / kBlockNodes);
  }
};

/// The placement's instance is in this zone's level and group, as this number.
struct Address {
  size_t zone, group, instance;
};

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

std::vector<double> output_spikes(std::span<const float> v) {
  std::vector<double> times;
  for (size_t i = 1; i + 1 < v.size(); ++i)
    if (v[i] > -25 && v[i] > v[i - 1] && v[i] >= v[i + 1])
      times.push_back(static_cast<double>(i) * kSample_ms);
  return times;
}

template <class T>
struct CableSimulator<T>::State {
  const DetailedCell& cell;
  CableSpec spec;
  CableKernels<T> kernels = cable_kernels<T>();
  size_t L = kernels.lanes;
  NodeOrder order = order_nodes(cell.geometry);
  int nodes = static_cast<int>(order.nodes.size());
  std::vector<int32_t> parent;
  std::vector<int32_t> on_root;  // nodes of the rest whose parent is in soma or axon
  std::vector<T> to_parent, from_parent, coupling;
  Aligned<T> v, rhs, d;
  IonArrays<T> ions;
  T *eca, *cai, *ica;
  T nernst_mV;
  InitialState initial;
  std::vector<Zone<T>> zones;  // soma and axon, if they take steps of their own; the rest
  Aligned<T> drive_start, drive_middle, drive_slope, drive_v;
  std::vector<float> told_mV;   // what the listener sees
  std::vector<T> believed_mV;   // v when it was last looked at, [node][lane]
  bool looks_at_steps = false;  // else at whole milliseconds
  std::optional<QuantityRecorder<T>> quantities;

  State(const DetailedCell& the_cell, const CableSpec& the_spec)
      : cell(the_cell), spec(the_spec), v(static_cast<size_t>(nodes) * L), rhs(v.size()), d(v.size()) {
    if (!(spec.dt_ms > 0) || spec.dt_ms > kSample_ms)
      fail_input("a time step of {} ms; expected more than 0, at most {}", spec.dt_ms, kSample_ms);
    if (spec.scheme == Scheme::backward_euler) spec.root_steps = 1, spec.most_steps = 1;
    for (const auto& [name, pointer] : {std::pair{"eca", &eca}, {"cai", &cai}, {"ica", &ica}}) {
      ions[name] = Aligned<T>(v.size());
      *pointer = ions[name].data();
    }
    nernst_mV = static_cast<T>(nernst_factor_mV(cell.celsius));
    initial = initial_state(cell, spec.dt_ms);
    make_tree();
    const int root = spec.root_steps > 1 ? order.root_nodes : 0;
    if (root > 0) zones.push_back(make_zone(0, root, spec.dt_ms / spec.root_steps, 1));
    zones.push_back(make_zone(root, nodes, spec.dt_ms, spec.most_steps));
    for (int i = root; i < nodes; ++i)
      if (parent[static_cast<size_t>(i)] < root) on_root.push_back(i);
    for (auto* array : {&drive_start, &drive_middle, &drive_slope, &drive_v})
      *array = Aligned<T>(static_cast<size_t>(root) * L);
    if (!spec.quantities.empty()) quantities.emplace(cell, spec.quantities, recorder_memory());
  }

  double area_um2(int node) const {
    const int c = order.nodes[static_cast<size_t>(node)].compartment;
    return c < 0 ? 100
                 : cell.geometry.compartments[static_cast<size_t>(c)]
                       .area_um2;  // 100: any; a point without membrane has no area
  }

  void make_tree() {
    for (int i = 0; i < nodes; ++i) {
      const auto& node = order.nodes[static_cast<size_t>(i)];
      const double g = 100 * node.axial_conductance_uS;  // uS over um2 is 100 S/cm2
      parent.push_back(node.parent);
      to_parent.push_back(static_cast<T>(node.parent < 0 ? 0 : g / area_um2(node.parent)));
      from_parent.push_back(static_cast<T>(node.parent < 0 ? 0 : g / area_um2(i)));
    }
  }

  Zone<T> make_zone(int first_node, int last_node, double dt_ms, int64_t most_steps) {
    Zone<T> zone;
    zone.first_node = first_node;
    zone.last_node = last_node;
    zone.dt_ms = dt_ms;
    make_diagonal(zone);
    std::vector<std::vector<int64_t>> strides;
    for (const auto& placement : cell.placements) strides.push_back(strides_of(placement, dt_ms, most_steps));
    for (int64_t stride = 1; stride <= most_steps; stride *= 2) add_level(zone, stride, strides);
    for (auto* all : {&zone.calcium_nodes, &zone.changing_nodes}) {
      std::sort(all->begin(), all->end());
      all->erase(std::unique(all->begin(), all->end()), all->end());
    }
    zone.calcium_blocks = block_starts(zone.calcium_nodes, first_node, last_node);
    zone.changing_blocks = block_starts(zone.changing_nodes, first_node, last_node);
    return zone;
  }

  /// The level of what is updated once in `stride` steps, unless that is nothing.
  void add_level(Zone<T>& zone, int64_t stride, const std::vector<std::vector<int64_t>>& strides) {
    Level<T> level;
    level.stride = stride;
    const auto own = fmt::format(" of level {}", zone.levels.size());
    for (size_t p = 0; p < cell.placements.size(); ++p) {
      const auto& placement = cell.placements[p];
      if (strides[p][0] == stride) {
        auto group = make_group<T>(
            cell, placement,
            {order, zone.first_node, zone.last_node, zone.dt_ms, strides[p], own, spec.scheme}, L, ions);
        if (group.instances() == 0) continue;
        level.conducting.push_back(zone.groups.size());
        if (!group.ions.empty())
          zone.calcium_nodes.insert(zone.calcium_nodes.end(), group.node.begin(), group.node.end());
        if (writes_concentration(placement.mechanism()))
          zone.changing_nodes.insert(zone.changing_nodes.end(), group.node.begin(), group.node.end());
        zone.groups.push_back(std::move(group));
        if (writes_concentration(placement.mechanism())) zone.calcium_level = zone.levels.size();
      }
      for (size_t part = 0; part < strides[p].size(); ++part) {
        for (size_t g = 0; g < zone.groups.size(); ++g)
          if (zone.groups[g].placement == &placement && strides[p][part] == stride &&
              zone.groups[g].kernels.advance[part])
            level.advancing.push_back({g, part});
      }
    }
    if (stride > 1 && level.conducting.empty() && level.advancing.empty()) return;
    const auto array = [&](const std::string& name) {
      if (ions[name].size() == 0) ions[name] = Aligned<T>(v.size());
      return ions[name].data();
    };
    for (const size_t g : level.conducting) {
      if (!adds_calcium(cell_mechanism(zone.groups[g]))) continue;
      level.calcium_current = array("ica" + own);
      level.calcium_slope = array("slope of ica" + own);
    }
    if (stride > 1) level.held_rhs = Aligned<T>(v.size()), level.held_d = Aligned<T>(v.size());
    level.rhs = stride > 1 ? level.held_rhs.data() : rhs.data();
    level.d = stride > 1 ? level.held_d.data() : d.data();
    zone.levels.push_back(std::move(level));
  }

  void make_diagonal(Zone<T>& zone) {
    const double half = spec.scheme == Scheme::crank_nicolson ? 2 : 1;
    std::vector<double> sum(static_cast<size_t>(nodes)), others(static_cast<size_t>(nodes));
    for (int i = 0; i < nodes; ++i) {
      const auto& node = order.nodes[static_cast<size_t>(i)];
      if (node.compartment >= 0)
        sum[static_cast<size_t>(i)] +=
            half * 1e-3 * cell.capacitance_uF_cm2[static_cast<size_t>(node.compartment)] / zone.dt_ms;
      if (node.parent < 0) continue;
      const double g = 100 * node.axial_conductance_uS;
      sum[static_cast<size_t>(i)] += g / area_um2(i);
      (i < zone.last_node ? sum : others)[static_cast<size_t>(node.parent)] += g / area_um2(node.parent);
    }
    zone.diagonal.assign(sum.begin(), sum.end());
    if (zone.first_node == 0) coupling.assign(others.begin(), others.end());
  }

  static bool adds_calcium(const Mechanism& m) {
    return std::any_of(m.ions.begin(), m.ions.end(), [](const IonVariable& ion) {
      return ion.written && !ion.unread && ion.quantity == IonQuantity::current;
    });
  }
  static const Mechanism& cell_mechanism(const Group<T>& group) { return group.placement->mechanism(); }

  /// How many steps each part of a placement's mechanism waits from update to update.
  std::vector<int64_t> strides_of(const Placement& placement, double dt_ms, int64_t most_steps) const {
    std::vector<int64_t> strides;
    const bool moves_concentration = writes_concentration(placement.mechanism());
    for (const double wait_ms : longest_waits_ms(cell, placement)) {
      const double longest_ms =
          std::min(spec.patience * wait_ms, moves_concentration ? kConcentrationWait_ms : wait_ms);
      int64_t stride = 1;
      while (stride * 2 <= most_steps && static_cast<double>(stride * 2) * dt_ms <= longest_ms) stride *= 2;
      strides.push_back(stride);
    }
    return strides;
  }

  void start() {
    std::fill_n(v.data(), v.size(), static_cast<T>(cell.initial_mV));
    for (auto& [name, array] : ions)
      std::fill_n(array.data(), array.size(), static_cast<T>(name == "cao" ? cell.calcium_outside_mM : 0));
    for (size_t i = 0; i < order.nodes.size(); ++i) {
      const int c = order.nodes[i].compartment;
      std::fill_n(
          cai + i * L, L,
          static_cast<T>(c < 0 ? cell.calcium_inside_mM : initial.calcium_inside_mM[static_cast<size_t>(c)]));
      if (c >= 0) std::fill_n(eca + i * L, L, static_cast<T>(initial.eca_mV[static_cast<size_t>(c)]));
    }
    for (auto& zone : zones) {
      for (auto& group : zone.groups) {
        const auto& from = initial.stored[static_cast<size_t>(group.placement - cell.placements.data())];
        const size_t stored = group.placement->mechanism().stored.size();
        for (size_t i = 0; i < group.instances(); ++i)
          for (size_t s = 0; s < stored; ++s)
            std::fill_n(group.stored.data() + (i * stored + s) * L, L,
                        static_cast<T>(from[group.instance[i] * stored + s]));
      }
    }
  }

  /// Where each synapse of a group went.
  std::vector<Address> addresses_of(const SynapseGroup& synapses) const {
    if (!synapses.placement) return {};
    const auto& placement = cell.placements[*synapses.placement];
    std::vector<Address> addresses(placement.compartments.size());
    for (size_t z = 0; z < zones.size(); ++z) {
      for (size_t g = 0; g < zones[z].groups.size(); ++g) {
        const auto& group = zones[z].groups[g];
        if (group.placement != &placement) continue;
        for (size_t i = 0; i < group.instances(); ++i) addresses[group.instance[i]] = {z, g, i};
      }
    }
    return addresses;
  }

  /// Where a quantity recorder finds what it reads.
  RecorderMemory<T> recorder_memory() const {
    const auto stored_at = [this](const Placement& placement, size_t instance) -> const T* {
      for (const auto& zone : zones) {
        for (const auto& group : zone.groups) {
          if (group.placement != &placement) continue;
          for (size_t i = 0; i < group.instances(); ++i)
            if (group.instance[i] == instance)
              return group.stored.data() + i * placement.mechanism().stored.size() * L;
        }
      }
      fail_run("{}: instance {} is nowhere", placement.mechanism().name, instance);
    };
    const auto array = [this](const std::string& name) -> const T* {
      const auto it = ions.find(name);
      return name == "v"                                  ? v.data()
             : it == ions.end() || it->second.size() == 0 ? nullptr
                                                          : it->second.data();
    };
    return {L, order.node_of, stored_at, array};
  }

  void take_events(std::span<const TimedInput> inputs, int64_t duration_ms) {
    std::vector<DeliverySteps> steps;  // of each zone
    for (auto& zone : zones) {
      zone.events.clear();
      zone.next_event = 0;
      steps.emplace_back(zone.dt_ms);
    }
    const auto excitatory = addresses_of(cell.excitatory), inhibitory = addresses_of(cell.inhibitory);
    for (size_t lane = 0; lane < inputs.size(); ++lane) {
      const auto add = [&](const TimedEvents& list, const SynapseGroup& synapses,
                           const std::vector<Address>& addresses) {
        for (size_t k = 0; k < list.time_ms.size(); ++k) {
          if (list.synapse[k] >= addresses.size())
            fail_input("an input spike of {0} synapse {1}; the neuron has {2} {0} synapses, counted from 0",
                       synapses.name, list.synapse[k], addresses.size());
          if (list.time_ms[k] > static_cast<double>(duration_ms)) continue;
          const auto at = addresses[list.synapse[k]];
          auto& zone = zones[at.zone];
          const int node = zone.groups[at.group].node[at.instance];
          zone.events.push_back({steps[at.zone].of(list.time_ms[k]), (node - zone.first_node) / kBlockNodes,
                                 static_cast<int32_t>(at.group), static_cast<int32_t>(at.instance),
                                 static_cast<int32_t>(lane),
                                 list.weight.empty() ? synapses.weight : list.weight[k]});
        }
      };
      add(inputs[lane].excitatory, cell.excitatory, excitatory);
      add(inputs[lane].inhibitory, cell.inhibitory, inhibitory);
    }
    for (auto& zone : zones)
      std::stable_sort(zone.events.begin(), zone.events.end(), [](const Event& a, const Event& b) {
        return std::pair(a.step, a.block) < std::pair(b.step, b.block);
      });
  }

  KernelArguments<T> arguments(Group<T>& group, size_t block, const std::vector<T>& fixed, double t_ms,
                               T* to_rhs, T* to_d) {
    return {group.block_start[block],
            group.block_start[block + 1],
            group.node.data(),
            fixed.data(),
            group.stored.data(),
            v.data(),
            to_rhs,
            to_d,
            group.ions.data(),
            group.ion_slopes.data(),
            group.table.data(),
            static_cast<T>(t_ms)};
  }

  void deliver(Zone<T>& zone, int64_t step, size_t block) {
    auto& next = zone.next_event;
    for (; next < zone.events.size() && zone.events[next].step == step &&
           zone.events[next].block == static_cast<int32_t>(block);
         ++next) {
      const auto& event = zone.events[next];
      auto& group = zone.groups[static_cast<size_t>(event.group)];
      const size_t stored = group.placement->mechanism().stored.size(),
                   at = static_cast<size_t>(event.instance) * stored;
      for (size_t s = 0; s < stored; ++s)
        group.stored[(at + s) * L + static_cast<size_t>(event.lane)] +=
            static_cast<T>(event.weight) * group.event[at + s];
    }
  }

  /// The states and currents of a level, from the middle of the step before to the middle of this.
  void update(Zone<T>& zone, size_t l, int64_t step, size_t block) {
    auto& level = zone.levels[l];
    const auto first = static_cast<int64_t>(zone.first_node) + static_cast<int64_t>(block) * kBlockNodes,
               last = std::min(first + kBlockNodes, static_cast<int64_t>(zone.last_node));
    const Level<T>* below = nullptr;
    for (size_t slower = l + 1; !below && slower < zone.levels.size(); ++slower)
      if (!zone.levels[slower].conducting.empty()) below = &zone.levels[slower];
    const int32_t* calcium_node = zone.calcium_nodes.data();
    const int64_t first_calcium = zone.calcium_blocks[block], last_calcium = zone.calcium_blocks[block + 1];
    const double start_ms = static_cast<double>(step) * zone.dt_ms, middle_ms = start_ms + zone.dt_ms / 2;
    if (step > 0) {
      for (const auto& [g, part] : level.advancing) {
        auto& group = zone.groups[g];
        if (group.is_in(block))
          group.kernels.advance[part](
              arguments(group, block, group.fixed_advance[part], start_ms, nullptr, nullptr));
      }
    }
    if (l == zone.calcium_level)
      kernels.nernst(eca, cai, zone.changing_nodes.data(), zone.changing_blocks[block],
                     zone.changing_blocks[block + 1], nernst_mV, static_cast<T>(cell.calcium_outside_mM));
    if (l > 0 && level.conducting.empty()) return;
    if (l == 0) deliver(zone, step, block);
    if (!below) {
      kernels.reset(level.rhs, level.d, zone.diagonal.data(), first, last);
    } else if (l == 0) {
      kernels.resume(level.rhs, level.d, v.data(), below->rhs, below->d, zone.diagonal.data(), first, last);
    } else {
      const size_t from = static_cast<size_t>(first) * L, to = static_cast<size_t>(last) * L;
      std::fill(level.rhs + from, level.rhs + to, T{});
      std::copy(below->d + from, below->d + to, level.d + from);
    }
    if (level.calcium_current)
      kernels.clear(level.calcium_current, level.calcium_slope, calcium_node, first_calcium, last_calcium);
    for (const size_t g : level.conducting) {
      auto& group = zone.groups[g];
      if (group.kernels.current && group.is_in(block))
        group.kernels.current(arguments(group, block, group.fixed_current, middle_ms, level.rhs, level.d));
    }
    if (l == 0) return;
    kernels.hold(level.rhs, level.d, v.data(), below ? below->rhs : nullptr, below ? below->d : nullptr,
                 zone.diagonal.data(), first, last);
    if (level.calcium_current)
      kernels.follow(level.calcium_current, level.calcium_slope, v.data(), T(-1), calcium_node, first_calcium,
                     last_calcium);
  }

  /// Everything of a step but the tree.
  void currents(Zone<T>& zone, int64_t step) {
    const int64_t wait = zone.levels[zone.calcium_level].stride;
    for (size_t block = 0; block < zone.blocks(); ++block) {
      for (size_t l = zone.levels.size(); l-- > 0;)
        if (step % zone.levels[l].stride == 0) update(zone, l, step, block);
      if (wait > 1 && step % wait == wait / 2)
        gather_calcium(zone, zone.calcium_blocks[block], zone.calcium_blocks[block + 1]);
    }
  }

  /// The calcium current in the middle between updates of the concentration, which it carries from one to the
  /// next.
  void gather_calcium(Zone<T>& zone, int64_t first, int64_t last) {
    const int32_t* node = zone.calcium_nodes.data();
    kernels.clear(ica, nullptr, node, first, last);
    for (auto& level : zone.levels) {
      if (!level.calcium_current) continue;
      const bool held = &level != &zone.levels[0];
      kernels.gather(ica, level.calcium_current, held ? level.calcium_slope : nullptr, v.data(), node, first,
                     last);
    }
  }

  /// The same where the concentration is updated at every step: the current in its middle, with half of dV.
  void follow_calcium(Zone<T>& zone) {
    if (zone.levels[zone.calcium_level].stride > 1) return;
    const auto last = static_cast<int64_t>(zone.calcium_nodes.size());
    gather_calcium(zone, 0, last);
    if (spec.scheme == Scheme::backward_euler) return;
    for (auto& level : zone.levels) {
      // v is at the end of the step; the fastest level's currents are of its start.
      const T sign = &level == &zone.levels[0] ? T(1) : T(-1);
      if (level.calcium_current)
        kernels.follow(ica, level.calcium_slope, rhs.data(), sign, zone.calcium_nodes.data(), 0, last);
    }
  }

  /// A voltage was found that no membrane has, up to a millisecond after the first.
  struct Disbelief {};

  std::vector<Recording> run(std::span<const TimedInput> inputs, int64_t duration_ms,
                             const CompartmentListener& listener) {
    try {
      looks_at_steps = false;
      return run_once(inputs, duration_ms, listener);
    } catch (const Disbelief&) {
      // In a millisecond it spreads through the neuron. The same again, with a look at every step, finds its
      // source.
      looks_at_steps = true;
      return run_once(inputs, duration_ms, {});
    }
  }

  std::vector<Recording> run_once(std::span<const TimedInput> inputs, int64_t duration_ms,
                                  const CompartmentListener& listener) {
    const FlushSubnormals flush;
    start();
    take_events(inputs, duration_ms);
    const auto steps = static_cast<int64_t>(std::ceil(static_cast<double>(duration_ms) / spec.dt_ms - 1e-9));
    std::vector<Recording> recordings(inputs.size());
    for (auto& r : recordings) {
      if (spec.dendrites)
        r.dendrites_mV.resize(cell.geometry.compartments.size() * static_cast<size_t>(duration_ms));
      r.quantities.assign(spec.quantities.size(), std::vector<float>(static_cast<size_t>(duration_ms)));
    }
    const auto probe = [&](int compartment) {
      return Probe<T>(v.data() + static_cast<size_t>(order.node_of[static_cast<size_t>(compartment)]) * L, L,
                      inputs.size(), duration_ms);
    };
    // soma(0.5), whatever the soma's compartments
    std::vector<int> recorded{cell.geometry.first_compartment[1] / 2, cell.nexus.value_or(0)};
    for (const auto& site : cell.sites) recorded.push_back(site.compartment);
    std::vector<Probe<T>> probes;
    for (const int compartment : recorded) {
      probes.push_back(probe(compartment));
      probes.back().start();
    }
    const auto at_millisecond = [&](int64_t ms) {
      record_dendrites(recordings, ms, duration_ms);
      check_voltages(recordings.size(), static_cast<double>(ms));
      record_quantities(recordings, ms, duration_ms);
      tell(listener, recordings.size(), ms, duration_ms);
    };
    at_millisecond(0);
    const CableArguments<T> tree{nodes,
                                 parent.data(),
                                 to_parent.data(),
                                 from_parent.data(),
                                 v.data(),
                                 rhs.data(),
                                 d.data(),
                                 static_cast<T>(spec.scheme == Scheme::crank_nicolson ? 2 : 1)};
    const Drive<T> drive{drive_start.data(), drive_middle.data(), drive_slope.data(), drive_v.data()};
    auto& rest = zones.back();
    const int64_t root = rest.first_node, small_steps = root > 0 ? spec.root_steps : 1;
    std::vector<Probe<T>*> in_root, in_rest;
    for (size_t k = 0; k < recorded.size(); ++k)
      (order.node_of[static_cast<size_t>(recorded[k])] < root ? in_root : in_rest).push_back(&probes[k]);
    int64_t next_ms = 1;
    for (int64_t step = 0; step < steps; ++step) {
      for (auto* p : in_rest) p->before_step();
      currents(rest, step);
      std::fill_n(rhs.data(), static_cast<size_t>(root) * L, T{});
      std::fill_n(d.data(), static_cast<size_t>(root) * L, T{});
      kernels.eliminate(tree, root, nodes);
      if (root > 0) {
        kernels.take_drive(tree, drive, coupling.data(), root, on_root.data(), on_root.size());
        for (int64_t small = 0; small < small_steps; ++small) {
          for (auto* p : in_root) p->before_step();
          currents(zones[0], step * small_steps + small);
          kernels.drive(
              tree, drive, root,
              static_cast<T>((static_cast<double>(small) + 0.5) / static_cast<double>(small_steps)));
          kernels.eliminate(tree, 0, root);
          kernels.substitute(tree, 0, root);
          follow_calcium(zones[0]);
          const double t_ms = (static_cast<double>(step) +
                               static_cast<double>(small + 1) / static_cast<double>(small_steps)) *
                              spec.dt_ms;
          for (auto* p : in_root) p->after_step(t_ms, zones[0].dt_ms);
          if (looks_at_steps) check_voltages(recordings.size(), t_ms);
        }
        kernels.half_way(tree, drive, root);
      }
      kernels.substitute(tree, root, nodes);
      follow_calcium(rest);
      const double t_ms = static_cast<double>(step + 1) * spec.dt_ms;
      for (auto* p : in_rest) p->after_step(t_ms, spec.dt_ms);
      if (looks_at_steps) check_voltages(recordings.size(), t_ms);
      if (t_ms > static_cast<double>(next_ms) - 1e-9) at_millisecond(next_ms++);
    }
    for (size_t trial = 0; trial < recordings.size(); ++trial) {
      recordings[trial].soma_mV = std::move(probes[0].trace(trial));
      if (cell.nexus) recordings[trial].nexus_mV = std::move(probes[1].trace(trial));
      for (size_t k = 0; k < cell.sites.size(); ++k)
        recordings[trial].sites.push_back({cell.sites[k].name, std::move(probes[k + 2].trace(trial))});
      recordings[trial].spike_times_ms = output_spikes(recordings[trial].soma_mV);
    }
    check_traces(recordings);
    return recordings;
  }

  /// Disbelief, or UnphysicalVoltage with its source, if a compartment of one of the trials has a voltage
  /// that no membrane has.
  void check_voltages(size_t trials, double t_ms) {
    int bad = 0;
    for (size_t node = 0; node < static_cast<size_t>(nodes); ++node) {
      const T* at = v.data() + node * L;
      for (size_t lane = 0; lane < trials; ++lane)
        bad |=
            static_cast<int>(!(at[lane] >= T(kLowest_mV))) | static_cast<int>(!(at[lane] <= T(kHighest_mV)));
    }
    if (bad != 0 && !looks_at_steps) throw Disbelief{};
    if (bad != 0) report_voltage(trials, t_ms);
    believed_mV.assign(v.data(), v.data() + v.size());
  }

  /// Names the first trial's place where the voltage is farthest from belief, and the mechanism whose current
  /// is.
  [[noreturn]] void report_voltage(size_t trials, double t_ms) const {
    for (size_t trial = 0; trial < trials; ++trial) {
      const int node = least_believed(trial, t_ms);
      if (node < 0) continue;
      throw UnphysicalVoltage(
          trial, fmt::format("the voltage of {} is {} at {:g} ms, expected from {} to {} mV; {}",
                             place_of(node), words_for_mV(v.data()[at(node, trial)]), t_ms, kLowest_mV,
                             kHighest_mV, cause_at(node, trial, t_ms)));
    }
    fail_run("a voltage outside {} to {} mV, in no trial", kLowest_mV, kHighest_mV);
  }

  size_t at(int node, size_t lane) const { return static_cast<size_t>(node) * L + lane; }

  /// The node whose voltage is farthest out; of those that have none, one with a current that is none. -1:
  /// all are believed.
  int least_believed(size_t lane, double t_ms) const {
    int worst = -1, without = -1;
    for (int node = 0; node < nodes; ++node) {
      const double mV = v.data()[at(node, lane)];
      if (is_physical_mV(mV)) continue;
      if (std::isnan(mV)) {
        if (without < 0) without = node;
        for (const auto& [name, current] : currents_at(node, lane, t_ms))
          if (!std::isfinite(current)) return node;
      } else if (worst < 0 || std::fabs(mV) > std::fabs(static_cast<double>(v.data()[at(worst, lane)]))) {
        worst = node;
      }
    }
    return worst >= 0 ? worst : without;
  }

  static std::string words_for_mV(double mV) {
    return std::isnan(mV) ? "no number" : fmt::format("{:.3g} mV", mV);
  }

  std::string place_of(int node) const {
    const int c = order.nodes[static_cast<size_t>(node)].compartment;
    if (c < 0) return "a branch point";
    const auto& compartment = cell.geometry.compartments[static_cast<size_t>(c)];
    return fmt::format("{}({:.3g})", cell.geometry.sections[static_cast<size_t>(compartment.section)].name,
                       compartment.x);
  }

  /// The current of each mechanism there at the last voltage that was believed, in mA/cm2.
  std::map<std::string, double> currents_at(int node, size_t lane, double t_ms) const {
    std::map<std::string, double> currents;
    const double mV =
        believed_mV.empty() ? cell.initial_mV : static_cast<double>(believed_mV[at(node, lane)]);
    for (const auto& zone : zones)
      for (const auto& group : zone.groups)
        for (size_t i = 0; i < group.instances(); ++i)
          if (group.node[i] == node)
            currents[cell_mechanism(group).name] += current_of(group, i, mV, lane, t_ms);
    return currents;
  }

  /// The mechanism with a current that no membrane carries, wherever it is; else the one that has none at the
  /// node, else the one with the largest there.
  std::string cause_at(int node, size_t lane, double t_ms) const {
    const auto steps = fmt::format("steps of {:g} ms may be too long", spec.dt_ms);
    if (const auto absurd = absurd_current(lane, t_ms)) return *absurd + "; " + steps;
    const auto currents = currents_at(node, lane, t_ms);
    std::vector<std::string> no_number;
    std::string largest;
    for (const auto& [name, current] : currents) {
      if (!std::isfinite(current)) no_number.push_back(name);
      if (largest.empty() || std::fabs(current) > std::fabs(currents.at(largest))) largest = name;
    }
    if (!no_number.empty())
      return fmt::format("there the current of {} is no number; {}", fmt::join(no_number, ", of "), steps);
    if (largest.empty()) return steps;
    return fmt::format("the largest current there is that of {}, {:.3g} mA/cm2; {}", largest,
                       currents.at(largest), steps);
  }

  /// The largest current of all, where it is more than 1000 S/cm2 carry at 1 V.
  std::optional<std::string> absurd_current(size_t lane, double t_ms) const {
    constexpr double kMost_mA_cm2 = 1e6;
    double largest = kMost_mA_cm2;
    std::optional<std::string> words;
    for (int node = 0; node < nodes; ++node) {
      for (const auto& [name, current] : currents_at(node, lane, t_ms)) {
        if (!std::isfinite(current) || std::fabs(current) <= largest) continue;
        largest = std::fabs(current);
        words = fmt::format("the current of {} in {} is {:.3g} mA/cm2", name, place_of(node), current);
      }
    }
    return words;
  }

  double current_of(const Group<T>& group, size_t i, double mV, size_t lane, double t_ms) const {
    const auto& m = cell_mechanism(group);
    auto values = known_values(cell, *group.placement, group.instance[i], spec.dt_ms);
    const auto set = [&](const std::string& name, double value) {
      if (const Expr e = m.symbol(name); e >= 0) values[e] = value;
    };
    set("v", mV);
    set("t", t_ms);
    for (const auto& ion : m.ions) {
      const auto array = ions.find(ion.name);
      if (ion.quantity != IonQuantity::current && array != ions.end() && array->second.size() > 0)
        set(ion.name, array->second.data()[static_cast<size_t>(group.node[i]) * L + lane]);
    }
    for (size_t s = 0; s < m.stored.size(); ++s)
      set(m.stored[s], group.stored.data()[(i * m.stored.size() + s) * L + lane]);
    return m.total_current < 0 ? 0 : m.graph.evaluate(m.total_current, values);
  }

  /// The same for what is recorded between whole milliseconds.
  void check_traces(const std::vector<Recording>& recordings) const {
    for (size_t trial = 0; trial < recordings.size(); ++trial) {
      const auto check = [&](const std::string& place, const std::vector<float>& trace) {
        const auto bad = std::find_if_not(trace.begin(), trace.end(), is_physical_mV);
        if (bad == trace.end()) return;
        throw UnphysicalVoltage(
            trial,
            fmt::format("the voltage of {} is {} at {:g} ms, expected from {} to {} mV; steps of {:g} ms may "
                        "be too long",
                        place, words_for_mV(*bad), static_cast<double>(bad - trace.begin()) * kSample_ms,
                        kLowest_mV, kHighest_mV, spec.dt_ms));
      };
      check("the soma", recordings[trial].soma_mV);
      check("the nexus", recordings[trial].nexus_mV);
      for (const auto& site : recordings[trial].sites) check("the site " + site.name, site.mV);
    }
  }

  void record_dendrites(std::vector<Recording>& into, int64_t ms, int64_t duration_ms) const {
    if (!spec.dendrites || ms >= duration_ms) return;
    for (size_t c = 0; c < cell.geometry.compartments.size(); ++c) {
      const auto node = static_cast<size_t>(order.node_of[c]);
      for (size_t lane = 0; lane < into.size(); ++lane)
        into[lane].dendrites_mV[c * static_cast<size_t>(duration_ms) + static_cast<size_t>(ms)] =
            static_cast<float>(v.data()[node * L + lane]);
    }
  }

  void record_quantities(std::vector<Recording>& into, int64_t ms, int64_t duration_ms) {
    if (!quantities || ms >= duration_ms) return;
    const auto values = quantities->read(static_cast<double>(ms));
    for (size_t k = 0; k < spec.quantities.size(); ++k)
      for (size_t lane = 0; lane < into.size(); ++lane)
        into[lane].quantities[k][static_cast<size_t>(ms)] = static_cast<float>(values[k * L + lane]);
  }

  void tell(const CompartmentListener& listener, size_t trials, int64_t ms, int64_t duration_ms) {
    if (!listener || ms >= duration_ms) return;
    const size_t compartments = cell.geometry.compartments.size();
    told_mV.resize(trials * compartments);
    for (size_t c = 0; c < compartments; ++c) {
      const auto* at = v.data() + static_cast<size_t>(order.node_of[c]) * L;
      for (size_t lane = 0; lane < trials; ++lane)
        told_mV[lane * compartments + c] = static_cast<float>(at[lane]);
    }
    listener(ms, told_mV);
  }
};

template <class T>
CableSimulator<T>::CableSimulator(const DetailedCell& cell, const CableSpec& spec)
    : state_(std::make_unique<State>(cell, spec)) {}
template <class T>
CableSimulator<T>::~CableSimulator() = default;
template <class T>
size_t CableSimulator<T>::lanes() const {
  return state_->L;
}
template <class T>
std::vector<Recording> CableSimulator<T>::run(std::span<const SynapticInput> inputs, int64_t duration_ms,
                                              const CompartmentListener& listener) {
  std::vector<TimedInput> all;
  for (const auto& input : inputs) all.push_back(timed(input));
  return run(std::span<const TimedInput>(all), duration_ms, listener);
}
template <class T>
std::vector<Recording> CableSimulator<T>::run(std::span<const TimedInput> inputs, int64_t duration_ms,
                                              const CompartmentListener& listener) {
  if (inputs.size() > lanes()) fail_run("{} trials at once; at most {}", inputs.size(), lanes());
  return state_->run(inputs, duration_ms, listener);
}

namespace {

template <class T, class Input>
std::vector<Recording> in_batches(const DetailedCell& cell, const CableSpec& spec,
                                  std::span<const Input> inputs, int64_t duration_ms, int threads) {
  std::vector<Recording> recordings(inputs.size());
  std::atomic<size_t> next = 0;
  in_parallel(threads, [&](const std::atomic<bool>& failed) {
    CableSimulator<T> simulator(cell, spec);
    for (size_t first; !failed && (first = next.fetch_add(simulator.lanes())) < inputs.size();) {
      const auto some = inputs.subspan(first, std::min(simulator.lanes(), inputs.size() - first));
      try {
        auto batch = simulator.run(some, duration_ms);
        std::move(batch.begin(), batch.end(), recordings.begin() + static_cast<int64_t>(first));
      } catch (const UnphysicalVoltage& error) {
        throw UnphysicalVoltage(first + error.trial, error.description);
      }
    }
  });
  return recordings;
}

}  // namespace

std::vector<Recording> simulate_trials(const DetailedCell& cell, const CableSpec& spec, Precision precision,
                                       std::span<const SynapticInput> inputs, int64_t duration_ms,
                                       int threads) {
  return precision == Precision::in_float ? in_batches<float>(cell, spec, inputs, duration_ms, threads)
                                          : in_batches<double>(cell, spec, inputs, duration_ms, threads);
}

std::vector<Recording> simulate_trials(const DetailedCell& cell, const CableSpec& spec, Precision precision,
                                       std::span<const TimedInput> inputs, int64_t duration_ms, int threads) {
  return precision == Precision::in_float ? in_batches<float>(cell, spec, inputs, duration_ms, threads)
                                          : in_batches<double>(cell, spec, inputs, duration_ms, threads);
}

template class CableSimulator<float>;
template class CableSimulator<double>;

}  // namespace neurontwin
