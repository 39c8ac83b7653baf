#include "simulate/detail/cable_plan.hpp"

#include <algorithm>

#include "cell/ions.hpp"
#include "config/error.hpp"
#include "simulate/detail/recorder.hpp"

namespace nt::simulate {
namespace {

/// Concentrations are updated this often: their currents follow spikes.
constexpr double kConcentrationWait_ms = 0.1;
/// With shorter steps than this, what is slow waits as many steps as with this one: so its error falls with
/// the step at second order, as that of what is updated at every step does.
constexpr double kStepOfLongestWaits_ms = 0.035;

using Strides = std::vector<std::vector<int64_t>>;  // of each placement: of each part of its mechanism

CableSpec checked(CableSpec spec) {
  if (!(spec.dt_ms > 0) || spec.dt_ms > kSample_ms)
    fail_input("a time step of {} ms; expected more than 0, at most {}", spec.dt_ms, kSample_ms);
  if (spec.scheme == Scheme::backward_euler) spec.root_steps = 1, spec.most_steps = 1;
  return spec;
}

double area_um2(const cell::DetailedCell& cell, const morphology::CableNode& node) {
  const int c = node.compartment;
  // 100: any; a point without membrane has no area
  return c < 0 ? 100 : cell.geometry.compartments[c].area_um2;
}

template <class T>
CableTree<T> make_tree(const cell::DetailedCell& cell) {
  CableTree<T> tree{order_nodes(cell.geometry), {}, {}, {}};
  for (const auto& node : tree.order.nodes) {
    const double g = 100 * node.axial_conductance_uS;  // uS over um2 is 100 S/cm2
    tree.parent.push_back(node.parent);
    const bool first = node.parent < 0;
    tree.to_parent.push_back(static_cast<T>(first ? 0 : g / area_um2(cell, tree.order.nodes[node.parent])));
    tree.from_parent.push_back(static_cast<T>(first ? 0 : g / area_um2(cell, node)));
  }
  return tree;
}

bool changes(const mechanism::Mechanism& m, const std::string& ion) {
  return std::ranges::any_of(m.written_ion_variables(), [&](const mechanism::IonVariable* variable) {
    return variable->ion == ion && variable->is_concentration();
  });
}

/// The ions whose variables the kernels of some mechanism read or write as arrays.
std::vector<FollowedIon> followed_ions(const cell::DetailedCell& cell, ArrayNames& arrays) {
  std::map<std::string, FollowedIon> all;
  for (const auto& placement : cell.placements) {
    const auto& m = placement.mechanism();
    for (const auto* variable : mechanism::ion_arrays(m)) {
      const auto& name = variable->ion;
      auto& ion = all.try_emplace(name, FollowedIon{name,
                                                    arrays.number_of("e" + name),
                                                    arrays.number_of(name + "i"),
                                                    arrays.number_of(name + "o"),
                                                    {}})
                      .first->second;
      if (variable->quantity == mechanism::IonQuantity::current && !variable->written)
        ion.current = arrays.number_of(variable->name);
      if (changes(m, name))
        ion.nernst_mV = mechanism::nernst_factor_mV(cell.celsius, cell.ions.at(name).valence.value());
    }
  }
  std::vector<FollowedIon> ions;
  for (auto& [name, ion] : all) ions.push_back(std::move(ion));
  return ions;
}

/// How many steps each part of a placement's mechanism waits from update to update.
std::vector<int64_t> strides_of(const cell::DetailedCell& cell, const cell::Placement& placement,
                                double patience, double dt_ms, int64_t most_steps) {
  std::vector<int64_t> strides;
  const bool moves_ions = !placement.mechanism().written_ion_variables().empty();
  const double step_ms = std::max(dt_ms, kStepOfLongestWaits_ms);
  for (const double wait_ms : longest_waits_ms(cell, placement)) {
    const double longest_ms = std::min(patience * wait_ms, moves_ions ? kConcentrationWait_ms : wait_ms);
    int64_t stride = 1;
    while (stride * 2 <= most_steps && static_cast<double>(stride * 2) * step_ms <= longest_ms) stride *= 2;
    strides.push_back(stride);
  }
  return strides;
}

/// Makes the plan of one zone.
template <class T>
class ZoneMaker {
 public:
  ZoneMaker(CablePlan<T>& plan, int first_node, int last_node, double dt_ms)
      : plan_(plan), streams_(cell::draw_streams(plan.cell)) {
    zone_.first_node = first_node;
    zone_.last_node = last_node;
    zone_.dt_ms = dt_ms;
    zone_.ions.resize(plan.ions.size());
  }

  ZonePlan<T> make(int64_t most_steps) {
    make_diagonal();
    Strides strides;
    for (const auto& placement : plan_.cell.placements)
      strides.push_back(strides_of(plan_.cell, placement, plan_.spec.patience, zone_.dt_ms, most_steps));
    for (int64_t stride = 1; stride <= most_steps; stride *= 2) add_level(stride, strides);
    for (auto& ion : zone_.ions) {
      ion.blocks = sorted_blocks(ion.nodes);
      ion.changing_blocks = sorted_blocks(ion.changing_nodes);
    }
    return std::move(zone_);
  }

 private:
  std::vector<int64_t> sorted_blocks(std::vector<int32_t>& nodes) const {
    std::sort(nodes.begin(), nodes.end());
    nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
    return block_starts(nodes, zone_.first_node, zone_.last_node);
  }

  void make_diagonal() {
    const auto& cell = plan_.cell;
    const auto& nodes = plan_.tree.order.nodes;
    const double half = plan_.spec.scheme == Scheme::crank_nicolson ? 2 : 1;
    std::vector<double> sum(nodes.size()), others(nodes.size());
    for (size_t i = 0; i < nodes.size(); ++i) {
      const auto& node = nodes[i];
      if (node.compartment >= 0)
        sum[i] += half * 1e-3 * cell.capacitance_uF_cm2[node.compartment] / zone_.dt_ms;
      if (node.parent < 0) continue;
      const auto parent = static_cast<size_t>(node.parent);
      const double g = 100 * node.axial_conductance_uS;
      sum[i] += g / area_um2(cell, node);
      (static_cast<int>(i) < zone_.last_node ? sum : others)[parent] += g / area_um2(cell, nodes[parent]);
    }
    zone_.diagonal.assign(sum.begin(), sum.end());
    if (zone_.first_node == 0) plan_.coupling.assign(others.begin(), others.end());
  }

  /// The level of what is updated once in `stride` steps, unless that is nothing.
  void add_level(int64_t stride, const Strides& strides) {
    const auto& placements = plan_.cell.placements;
    LevelPlan level;
    level.stride = stride;
    const auto own = fmt::format(" of level {}", zone_.levels.size());
    for (size_t p = 0; p < placements.size(); ++p) {
      if (strides[p][0] == stride) add_group(placements[p], strides[p], own, level);
      for (size_t part = 0; part < strides[p].size(); ++part) {
        for (size_t g = 0; g < zone_.groups.size(); ++g)
          if (zone_.groups[g].placement == &placements[p] && strides[p][part] == stride &&
              zone_.groups[g].kernels.advance[part])
            level.advancing.push_back({g, part});
      }
    }
    if (stride > 1 && level.conducting.empty() && level.advancing.empty()) return;
    add_sums(level, own);
    zone_.levels.push_back(std::move(level));
  }

  void add_group(const cell::Placement& placement, const std::vector<int64_t>& strides,
                 const std::string& own, LevelPlan& level) {
    auto group = make_group<T>(
        plan_.cell, placement,
        {plan_.tree.order, zone_.first_node, zone_.last_node, zone_.dt_ms, strides, own, plan_.spec.scheme,
         streams_[static_cast<size_t>(&placement - plan_.cell.placements.data())]},
        plan_.arrays);
    if (group.instances() == 0) return;
    level.conducting.push_back(zone_.groups.size());
    for (size_t k = 0; k < plan_.ions.size(); ++k) note_ion(group, plan_.ions[k].name, zone_.ions[k]);
    zone_.has_moments |= group.mechanism().has_own_moments();
    zone_.groups.push_back(std::move(group));
  }

  void note_ion(const Group<T>& group, const std::string& name, ZoneIon& ion) const {
    const auto used = mechanism::ion_arrays(group.mechanism());
    if (std::ranges::none_of(used,
                             [&](const mechanism::IonVariable* variable) { return variable->ion == name; }))
      return;
    ion.nodes.insert(ion.nodes.end(), group.node.begin(), group.node.end());
    if (!changes(group.mechanism(), name)) return;
    for (size_t i = 0; i < group.instances(); ++i)
      if (cell::follows_nernst(plan_.cell, name, group.placement->compartments[group.instance[i]]))
        ion.changing_nodes.push_back(group.node[i]);
    ion.level = zone_.levels.size();
  }

  void add_sums(LevelPlan& level, const std::string& own) {
    for (size_t k = 0; k < plan_.ions.size(); ++k) {
      const auto name = "i" + plan_.ions[k].name;
      const bool any = std::ranges::any_of(level.conducting, [&](size_t g) {
        return std::ranges::any_of(zone_.groups[g].mechanism().ions,
                                   [&](const mechanism::IonVariable& variable) {
                                     return variable.name == name && variable.written && !variable.unread;
                                   });
      });
      if (any)
        level.sums.push_back(
            {k, plan_.arrays.number_of(name + own), plan_.arrays.number_of("slope of " + name + own)});
    }
  }

  CablePlan<T>& plan_;
  std::vector<uint32_t> streams_;  // of each placement
  ZonePlan<T> zone_;
};

template <class T>
DiffusionPlan plan_of(const CablePlan<T>& plan, Diffusion step) {
  const auto& placement = plan.cell.placements[step.placement];
  const auto& m = placement.mechanism();
  DiffusionPlan all{
      std::move(step), std::vector<DiffusionPlan::Instance>(placement.compartments.size()), 0, {}};
  const auto stored = std::find(m.stored.begin(), m.stored.end(), all.step.state);
  if (stored == m.stored.end())
    all.array = plan.arrays.find(all.step.state);
  else
    all.stored = static_cast<size_t>(stored - m.stored.begin());
  for (size_t z = 0; z < plan.zones.size(); ++z) {
    const auto& groups = plan.zones[z].groups;
    for (size_t g = 0; g < groups.size(); ++g)
      for (size_t i = 0; i < groups[g].instances() && groups[g].placement == &placement; ++i)
        all.instances[groups[g].instance[i]] = {z, g, i};
  }
  return all;
}

}  // namespace

template <class T>
CablePlan<T> make_cable_plan(const cell::DetailedCell& cell, const CableSpec& asked) {
  const auto spec = checked(asked);
  CablePlan<T> plan{.cell = cell,
                    .spec = spec,
                    .kernels = cable_kernels<T>(),
                    .tree = make_tree<T>(cell),
                    .initial = cell::initial_state(cell, spec.dt_ms),
                    .draws_at_start = cell::draws_at_start(cell),
                    .arrays = {},
                    .ions = {},
                    .zones = {},
                    .coupling = {},
                    .on_root = {},
                    .diffusions = {}};
  plan.ions = followed_ions(cell, plan.arrays);
  const int nodes = plan.tree.nodes(), root = spec.root_steps > 1 ? plan.tree.order.root_nodes : 0;
  if (root > 0)
    plan.zones.push_back(ZoneMaker<T>(plan, 0, root, spec.dt_ms / spec.root_steps).make(/*most_steps=*/1));
  plan.zones.push_back(ZoneMaker<T>(plan, root, nodes, spec.dt_ms).make(spec.most_steps));
  for (int i = root; i < nodes; ++i)
    if (plan.tree.parent[i] < root) plan.on_root.push_back(i);
  for (auto& step : diffusions_of(cell, spec.dt_ms))
    plan.diffusions.push_back(plan_of(plan, std::move(step)));
  return plan;
}

template CablePlan<float> make_cable_plan(const cell::DetailedCell&, const CableSpec&);
template CablePlan<double> make_cable_plan(const cell::DetailedCell&, const CableSpec&);

}  // namespace nt::simulate
