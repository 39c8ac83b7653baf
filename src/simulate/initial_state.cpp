#include "simulate/initial_state.hpp"

#include "cell/ions.hpp"
#include "simulate/group.hpp"

namespace nt::simulate {
namespace {

std::map<std::string, IonState> resting_ions(const cell::DetailedCell& cell) {
  const size_t n = cell.geometry.compartments.size();
  std::map<std::string, IonState> all;
  for (const auto& [name, ion] : cell.ions) {
    auto& state = all[name];
    state = {std::vector<double>(n, ion.inside_mM), std::vector<double>(n, ion.outside_mM), {}};
    for (size_t c = 0; c < n; ++c)
      state.reversal_mV.push_back(cell::resting_reversal_mV(cell, name, static_cast<int>(c)));
  }
  return all;
}

}  // namespace

bool writes_concentration(const mechanism::Mechanism& m) {
  return !m.initial_concentration.empty();
}

InitialState initial_state(const cell::DetailedCell& cell, double dt_ms) {
  InitialState start{{}, resting_ions(cell)};
  for (const auto& placement : cell.placements) {
    const auto& m = placement.mechanism();
    const auto written = m.written_concentrations();
    auto& stored = start.stored.emplace_back();
    for (size_t i = 0; i < placement.compartments.size(); ++i) {
      const auto c = static_cast<size_t>(placement.compartments[i]);
      auto values = known_values(cell, placement, i, dt_ms);
      for (const auto& variable : m.ions) {
        const auto& ion = start.ions.at(variable.ion);
        const mechanism::Expr e = m.symbol(variable.name);
        if (e < 0 || variable.quantity == mechanism::IonQuantity::current) continue;
        values[e] = variable.quantity == mechanism::IonQuantity::inside_mM    ? ion.inside_mM[c]
                    : variable.quantity == mechanism::IonQuantity::outside_mM ? ion.outside_mM[c]
                                                                              : ion.reversal_mV[c];
      }
      for (const mechanism::Expr e : m.initial) stored.push_back(m.graph.evaluate(e, values));
      for (size_t k = 0; k < written.size(); ++k) {
        auto& ion = start.ions.at(written[k]->ion);
        (written[k]->quantity == mechanism::IonQuantity::inside_mM ? ion.inside_mM : ion.outside_mM)[c] =
            m.graph.evaluate(m.initial_concentration[k], values);
      }
      for (const auto* variable : written) {
        auto& ion = start.ions.at(variable->ion);
        ion.reversal_mV[c] = mechanism::nernst_mV(cell.ions.at(variable->ion), cell.celsius, ion.inside_mM[c],
                                                  ion.outside_mM[c]);
      }
    }
  }
  return start;
}

}  // namespace nt::simulate
