#include "simulate/quantity.hpp"

#include <algorithm>

namespace nt::simulate {
namespace {

constexpr double kNanoSiemens = 1000;  // in a uS

/// "g" of gmax, "g_nmda" of nmda_gmax; empty: the parameter is no conductance.
std::string conductance_name(const std::string& parameter) {
  if (parameter == "gmax") return "g";
  constexpr std::string_view kEnding = "_gmax";
  if (!parameter.ends_with(kEnding)) return "";
  return "g_" + parameter.substr(0, parameter.size() - kEnding.size());
}

/// A current g (v - e) has the conductance -di/de, and of this a part in proportion to each of its gmax.
void add_conductances(const mechanism::Mechanism& m, mechanism::Graph& graph,
                      std::vector<NamedValue>& values) {
  const mechanism::Expr reversal = m.symbol("e");
  if (!m.receiving || reversal < 0) return;
  const mechanism::Expr conductance =
      graph.unary(mechanism::Op::negate, graph.derivative(m.total_current, reversal));
  for (const auto& parameter : m.parameters) {
    const auto name = conductance_name(parameter.name);
    const mechanism::Expr gmax = m.symbol(parameter.name);
    if (name.empty() || gmax < 0) continue;
    const mechanism::Expr part = graph.multiply(gmax, graph.derivative(conductance, gmax));
    if (!graph.node(part).varying) continue;
    values.push_back({name, "nS", graph.multiply(graph.constant(kNanoSiemens), part)});
  }
}

void add_currents(const mechanism::Mechanism& m, mechanism::Graph& graph, std::vector<NamedValue>& values) {
  for (const auto& current : m.currents) {
    const auto name = "i" + current.ion;
    const auto same = std::find_if(values.begin(), values.end(),
                                   [&](const NamedValue& value) { return value.name == name; });
    if (same != values.end())
      same->value = graph.add(same->value, current.value);
    else
      values.push_back({name, m.point_process ? "nA" : "mA/cm2", current.value});
  }
}

bool is_in(const cell::Placement& placement, int compartment) {
  return std::binary_search(placement.compartments.begin(), placement.compartments.end(), compartment);
}

/// The placements that synapses reach: of a group or a kind, excitatory ones first.
std::vector<size_t> synaptic_placements(const cell::DetailedCell& cell) {
  std::vector<size_t> all;
  for (const auto* kind : {&cell.excitatory, &cell.inhibitory})
    for (const auto& connection : cell::connections_of(cell, *kind))
      if (std::ranges::find(all, connection.placement) == all.end()) all.push_back(connection.placement);
  return all;
}

}  // namespace

std::vector<NamedValue> named_values(const mechanism::Mechanism& m, mechanism::Graph& graph) {
  std::vector<NamedValue> values;
  if (!m.receiving)
    for (size_t s = 0; s < m.states; ++s) values.push_back({m.stored[s], "", m.symbol(m.stored[s])});
  add_currents(m, graph, values);
  add_conductances(m, graph, values);
  return values;
}

std::vector<Quantity> quantities_at(const cell::DetailedCell& cell, const std::string& place,
                                    int compartment) {
  std::vector<Quantity> all{{place, "v", "mV", {compartment}}};
  for (const auto& placement : cell.placements) {
    if (!is_in(placement, compartment)) continue;
    for (const auto& ion : placement.mechanism().ions)
      if (ion.written && ion.is_concentration()) all.push_back({place, ion.name, "mM", {compartment}});
  }
  for (const auto& placement : cell.placements) {
    if (!is_in(placement, compartment)) continue;
    const auto& m = placement.mechanism();
    mechanism::Graph graph = m.graph;
    for (const auto& value : named_values(m, graph))
      all.push_back({place, m.name + "." + value.name, value.unit, {compartment}});
  }
  return all;
}

std::vector<Quantity> synaptic_conductances(const cell::DetailedCell& cell, const std::string& place,
                                            const std::vector<int>& compartments) {
  std::vector<Quantity> all;
  for (const size_t of_synapses : synaptic_placements(cell)) {
    const auto& placement = cell.placements[of_synapses];
    const auto& m = placement.mechanism();
    std::vector<int> there;
    std::copy_if(compartments.begin(), compartments.end(), std::back_inserter(there),
                 [&](int c) { return is_in(placement, c); });
    if (there.empty()) continue;
    mechanism::Graph graph = m.graph;
    for (const auto& value : named_values(m, graph))
      if (value.unit == "nS") all.push_back({place, m.name + "." + value.name, value.unit, there});
  }
  return all;
}

}  // namespace nt::simulate
