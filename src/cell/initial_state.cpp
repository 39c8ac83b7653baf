#include "cell/initial_state.hpp"

#include <algorithm>

#include "cell/ions.hpp"

namespace nt::cell {
namespace {

std::map<std::string, IonState> resting_ions(const DetailedCell& cell) {
  const size_t n = cell.geometry.compartments.size();
  std::map<std::string, IonState> all;
  for (const auto& [name, ion] : cell.ions) {
    auto& state = all[name];
    for (size_t c = 0; c < n; ++c) {
      const auto here = ion_at(cell, name, static_cast<int>(c));
      state.inside_mM.push_back(here.inside_mM);
      state.outside_mM.push_back(here.outside_mM);
      state.reversal_mV.push_back(resting_reversal_mV(cell, name, static_cast<int>(c)));
    }
  }
  return all;
}

double resting_value(const DetailedCell& cell, const mechanism::IonVariable& variable, int compartment) {
  switch (variable.quantity) {
    case mechanism::IonQuantity::inside_mM:
      return ion_at(cell, variable.ion, compartment).inside_mM;
    case mechanism::IonQuantity::outside_mM:
      return ion_at(cell, variable.ion, compartment).outside_mM;
    case mechanism::IonQuantity::reversal_mV:
      return resting_reversal_mV(cell, variable.ion, compartment);
    case mechanism::IonQuantity::current:
      break;
  }
  return 0;
}

/// Of the events of a synapse's instance.
double weight_of(const DetailedCell& cell, const Placement& placement, size_t instance) {
  for (const auto* group : {&cell.excitatory, &cell.inhibitory}) {
    if (group->placement) {
      if (&cell.placements[*group->placement] == &placement) return group->weight;
      continue;
    }
    for (const auto& connection : group->connections)
      if (&cell.placements[connection.placement] == &placement && connection.instance == instance)
        return connection.weight;
  }
  return 0;
}

}  // namespace

std::map<mechanism::Expr, double> known_values(const DetailedCell& cell, const Placement& p, size_t instance,
                                               double dt_ms) {
  const auto& m = p.mechanism();
  const auto& compartment = cell.geometry.compartments[p.compartments[instance]];
  std::map<mechanism::Expr, double> values;
  const auto set = [&](const std::string& name, double value) {
    if (const mechanism::Expr e = m.symbol(name); e >= 0) values[e] = value;
  };
  set("dt", dt_ms);
  set("celsius", cell.celsius);
  set("diam", compartment.diameter_um);
  set("area", compartment.area_um2);
  set(mechanism::kAreaScale, m.point_process ? 100 / compartment.area_um2 : 1);
  set("v", cell.initial_mV);
  set("t", 0);
  for (size_t k = 0; k < m.parameters.size(); ++k) set(m.parameters[k].name, p.parameters[instance][k]);
  for (const auto& ion : m.ions) set(ion.name, resting_value(cell, ion, p.compartments[instance]));
  for (const auto& name : m.stored) set(name, 0);
  if (m.receiving && !m.receiving->arguments.empty())
    set(m.receiving->arguments[0], weight_of(cell, p, instance));
  return values;
}

bool writes_concentration(const mechanism::Mechanism& m) {
  return !m.initial_concentration.empty();
}

std::vector<uint32_t> draw_streams(const DetailedCell& cell) {
  std::vector<uint32_t> first;
  size_t next = 0;
  for (const auto& placement : cell.placements) {
    first.push_back(static_cast<uint32_t>(next));
    next += placement.compartments.size() * placement.mechanism().generators.size();
  }
  return first;
}

bool draws_at_start(const DetailedCell& cell) {
  return std::ranges::any_of(cell.placements,
                             [](const Placement& placement) { return placement.mechanism().draws_at_start; });
}

InitialState initial_state(const DetailedCell& cell, double dt_ms, const random::TrialKey& trial) {
  InitialState start{{}, resting_ions(cell), {}};
  const auto streams = draw_streams(cell);
  for (const auto& placement : cell.placements) {
    const auto& m = placement.mechanism();
    const auto written = m.written_ion_variables();
    auto& stored = start.stored.emplace_back();
    for (size_t i = 0; i < placement.compartments.size(); ++i) {
      const auto c = static_cast<size_t>(placement.compartments[i]);
      auto values = known_values(cell, placement, i, dt_ms);
      const random::DrawStream stream{
          trial, streams[start.stored.size() - 1] + static_cast<uint32_t>(i * m.generators.size())};
      const auto evaluate = [&](mechanism::Expr e) { return m.graph.evaluate(e, values, stream); };
      for (const auto& variable : m.ions) {
        const auto& ion = start.ions.at(variable.ion);
        const mechanism::Expr e = m.symbol(variable.name);
        if (e < 0 || variable.quantity == mechanism::IonQuantity::current) continue;
        values[e] = variable.quantity == mechanism::IonQuantity::inside_mM    ? ion.inside_mM[c]
                    : variable.quantity == mechanism::IonQuantity::outside_mM ? ion.outside_mM[c]
                                                                              : ion.reversal_mV[c];
      }
      for (const mechanism::Expr e : m.initial) stored.push_back(evaluate(e));
      for (const auto& send : m.initial_sends)
        if (evaluate(send.when) != 0)
          start.events.push_back({start.stored.size() - 1, i, evaluate(send.time), evaluate(send.flag)});
      for (size_t k = 0; k < written.size(); ++k) {
        auto& ion = start.ions.at(written[k]->ion);
        auto& array = written[k]->quantity == mechanism::IonQuantity::inside_mM    ? ion.inside_mM
                      : written[k]->quantity == mechanism::IonQuantity::outside_mM ? ion.outside_mM
                                                                                   : ion.reversal_mV;
        array[c] = evaluate(m.initial_concentration[k]);
      }
      for (const auto* variable : written) {
        if (!follows_nernst(cell, variable->ion, placement.compartments[i])) continue;
        auto& ion = start.ions.at(variable->ion);
        ion.reversal_mV[c] = mechanism::nernst_mV(cell.ions.at(variable->ion), cell.celsius, ion.inside_mM[c],
                                                  ion.outside_mM[c]);
      }
    }
  }
  return start;
}

}  // namespace nt::cell
