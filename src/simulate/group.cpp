#include "simulate/group.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "config/error.hpp"
#include "mechanism/pace.hpp"

namespace nt::simulate {

size_t ArrayNames::number_of(const std::string& name) {
  if (const auto known = find(name)) return *known;
  names_.push_back(name);
  return names_.size() - 1;
}

std::optional<size_t> ArrayNames::find(const std::string& name) const {
  const auto it = std::find(names_.begin(), names_.end(), name);
  if (it == names_.end()) return {};
  return static_cast<size_t>(it - names_.begin());
}

std::vector<int64_t> block_starts(const std::vector<int32_t>& node, int first_node, int last_node) {
  std::vector<int64_t> all;
  for (int start = first_node;; start += kBlockNodes) {
    all.push_back(std::lower_bound(node.begin(), node.end(), std::min(start, last_node)) - node.begin());
    if (start >= last_node) return all;
  }
}

namespace {

/// The tables of a mechanism, the same for all instances, as in NEURON.
template <class T>
std::vector<std::vector<T>> tables_of(const cell::DetailedCell& cell, const cell::Placement& placement,
                                      const std::vector<size_t>& instances, double dt_ms) {
  const auto& g = placement.mechanism().graph;
  std::vector<std::vector<T>> all;
  for (size_t t = 0; t < g.tables().size(); ++t) {
    mechanism::TableEntries first;
    for (const size_t instance : instances) {
      auto entries = g.entries(t, cell::known_values(cell, placement, instance, dt_ms));
      if (first.values.empty())
        first = std::move(entries);
      else if (entries != first)
        fail_input(
            "{}: its TABLE depends on a parameter that differs from place to place, where NEURON has one "
            "table for "
            "all; use tables = \"exact\"",
            placement.mechanism().path);
    }
    auto& packed = all.emplace_back();
    if (first.values.empty()) continue;  // no instance
    const double per_interval = first.places.empty() ? first.per_interval : 0;
    for (const double x : {first.from, per_interval, static_cast<double>(first.values.size() - 1)})
      packed.push_back(static_cast<T>(x));
    for (const auto* list : {&first.values, &first.places})
      for (const double x : *list) packed.push_back(static_cast<T>(x));
  }
  return all;
}

}  // namespace

namespace {

void require_possible(const cell::Placement& placement) {
  const auto& m = placement.mechanism();
  if (m.artificial_cell)
    fail_input("{}: an ARTIFICIAL_CELL has no membrane and is no part of a cell; give its events as input",
               m.path);
  if (const auto lack = m.lacks_numbers(); !lack.empty()) fail_input("{}", lack);
}

}  // namespace

template <class T>
Group<T> make_group(const cell::DetailedCell& cell, const cell::Placement& placement, const GroupPlace& place,
                    ArrayNames& arrays) {
  require_possible(placement);
  const auto& m = placement.mechanism();
  Group<T> group;
  group.placement = &placement;
  group.kernels = placement.loaded->kernels.of<T>();
  std::vector<std::pair<int, size_t>> there;
  for (size_t i = 0; i < placement.compartments.size(); ++i) {
    const int node = place.tree.node_of[placement.compartments[i]];
    if (node >= place.first_node && node < place.last_node) there.emplace_back(node, i);
  }
  // NEURON executes those of one compartment from the last made to the first; it matters where one changes a
  // concentration.
  if (m.point_process && !m.written_ion_variables().empty()) std::reverse(there.begin(), there.end());
  std::stable_sort(there.begin(), there.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [node, instance] : there) {
    group.node.push_back(node);
    group.instance.push_back(instance);
    if (!m.generators.empty())
      group.streams.push_back(place.first_stream + static_cast<uint32_t>(instance * m.generators.size()));
  }
  group.block_start = block_starts(group.node, place.first_node, place.last_node);
  const size_t n = group.node.size(), stored = m.stored.size();
  for (const auto* ion : mechanism::ion_arrays(m)) {
    const bool adds = ion->quantity == mechanism::IonQuantity::current && ion->written;
    group.ions.push_back(arrays.number_of(ion->name + (adds ? place.currents : "")));
    group.ion_slopes.emplace_back();
    if (adds) group.ion_slopes.back() = arrays.number_of("slope of " + ion->name + place.currents);
  }
  const auto& advance = placement.loaded->layout.advance<T>();
  mechanism::Graph graph = m.graph;  // taking derivatives adds nodes
  std::optional<std::vector<mechanism::Expr>> effects;
  if (m.receiving) effects = additive_effects(m, graph);
  if (m.receiving && !effects) group.program.emplace(m);
  for (size_t i = 0; i < n; ++i) {
    const size_t instance = group.instance[i];
    const auto values =
        cell::known_values(cell, placement, instance, place.dt_ms * static_cast<double>(place.strides[0]));
    const auto evaluate = [&](mechanism::Expr e) { return graph.evaluate(e, values); };
    for (const mechanism::Expr e : placement.loaded->layout.current)
      group.fixed_current.push_back(static_cast<T>(evaluate(e)));
    for (size_t part = 0; part < advance.size(); ++part) {
      const auto at_its_pace = cell::known_values(cell, placement, instance,
                                                  place.dt_ms * static_cast<double>(place.strides[part]));
      for (const mechanism::Expr e : advance[part])
        group.fixed_advance[part].push_back(static_cast<T>(graph.evaluate(e, at_its_pace)));
    }
    for (size_t k = 0; k < placement.loaded->layout.moment.size(); ++k)
      for (const mechanism::Expr e : placement.loaded->layout.moment[k])
        group.fixed_moment[k].push_back(static_cast<T>(evaluate(e)));
    for (size_t s = 0; s < stored; ++s) {
      if (!m.receiving) continue;
      // States live half a step after the event: what it added has decayed so long.
      const double decayed = place.scheme == Scheme::crank_nicolson ? evaluate(m.half_step_decay[s]) : 1;
      if (effects)
        group.event.push_back(static_cast<T>(evaluate((*effects)[s]) * decayed));
      else
        group.program->half_step_decay.push_back(decayed);
    }
    if (!group.program) continue;
    group.program->receive.add(evaluate);
    if (group.program->watch) group.program->watch->add(evaluate);
  }
  group.tables =
      tables_of<T>(cell, placement, group.instance, place.dt_ms * static_cast<double>(place.strides[0]));
  for (const auto& table : group.tables) group.table.push_back(table.data());
  return group;
}

template <class T>
GroupLanes<T> make_group_lanes(const Group<T>& group, size_t lanes, std::vector<Aligned<T>>& arrays) {
  GroupLanes<T> own{Aligned<T>(group.instances() * group.mechanism().stored.size() * lanes), {}, {}};
  for (const size_t array : group.ions) own.ions.push_back(arrays[array].data());
  for (const auto& array : group.ion_slopes)
    own.ion_slopes.push_back(array ? arrays[*array].data() : nullptr);
  return own;
}

std::vector<double> longest_waits_ms(const cell::DetailedCell& cell, const cell::Placement& placement) {
  const auto& m = placement.mechanism();
  const auto parts = parts_of(m);
  std::vector<double> waits(parts.size(), 0);
  if (m.receiving || !m.generators.empty() || !m.diffusing.empty() || m.counts_steps ||
      !mechanism::is_ohmic(m) || mechanism::knows_time(m))
    return waits;
  std::fill(waits.begin(), waits.end(), std::numeric_limits<double>::infinity());
  // Once for all instances whose rates have the same parameters.
  const auto matters = [&](const std::string& parameter) {
    return std::any_of(m.advanced.begin(), m.advanced.end(),
                       [&](mechanism::Expr e) { return m.graph.depends(e, m.symbol(parameter)); });
  };
  std::set<std::vector<double>> seen;
  for (size_t i = 0; i < placement.compartments.size(); ++i) {
    std::vector<double> rates;
    for (size_t k = 0; k < m.parameters.size(); ++k)
      if (matters(m.parameters[k].name)) rates.push_back(placement.parameters[i][k]);
    if (!seen.insert(rates).second) continue;
    const auto time_constants =
        mechanism::shortest_time_constants_ms(m, cell::known_values(cell, placement, i, 1));
    for (size_t p = 0; p < parts.size(); ++p)
      for (const size_t s : parts[p])
        if (s < m.states) waits[p] = std::min(waits[p], time_constants[s]);
  }
  return waits;
}

template struct Group<float>;
template struct Group<double>;
template Group<float> make_group(const cell::DetailedCell&, const cell::Placement&, const GroupPlace&,
                                 ArrayNames&);
template Group<double> make_group(const cell::DetailedCell&, const cell::Placement&, const GroupPlace&,
                                  ArrayNames&);
template GroupLanes<float> make_group_lanes(const Group<float>&, size_t, std::vector<Aligned<float>>&);
template GroupLanes<double> make_group_lanes(const Group<double>&, size_t, std::vector<Aligned<double>>&);

}  // namespace nt::simulate
