#include "simulate/initial_state.hpp"

#include <algorithm>
#include <cmath>

#include "simulate/group.hpp"

namespace neurontwin {

bool writes_concentration(const Mechanism& m) {
  return !m.initial_concentration.empty();
}

std::vector<bool> has_calcium_concentration(const DetailedCell& cell) {
  std::vector<bool> has(cell.geometry.compartments.size());
  for (const auto& placement : cell.placements) {
    const auto& ions = placement.mechanism().ions;
    const bool uses = std::any_of(ions.begin(), ions.end(), [](const IonVariable& ion) {
      return ion.ion == "ca" &&
             (ion.quantity == IonQuantity::inside_mM || ion.quantity == IonQuantity::outside_mM);
    });
    if (!uses) continue;
    for (const int c : placement.compartments) has[static_cast<size_t>(c)] = true;
  }
  return has;
}

InitialState initial_state(const DetailedCell& cell, double dt_ms) {
  const auto follows_nernst = has_calcium_concentration(cell);
  InitialState start{{},
                     std::vector<double>(follows_nernst.size(), cell.calcium_inside_mM),
                     std::vector<double>(follows_nernst.size(), cell.calcium_reversal_mV)};
  const auto nernst = [&](size_t c) {
    if (follows_nernst[c])
      start.eca_mV[c] =
          nernst_factor_mV(cell.celsius) * std::log(cell.calcium_outside_mM / start.calcium_inside_mM[c]);
  };
  for (size_t c = 0; c < follows_nernst.size(); ++c) nernst(c);
  for (const auto& placement : cell.placements) {
    const auto& m = placement.mechanism();
    auto& stored = start.stored.emplace_back();
    for (size_t i = 0; i < placement.compartments.size(); ++i) {
      const auto c = static_cast<size_t>(placement.compartments[i]);
      auto values = known_values(cell, placement, i, dt_ms);
      const auto set = [&](const char* name, double value) {
        if (const Expr e = m.symbol(name); e >= 0) values[e] = value;
      };
      set("cai", start.calcium_inside_mM[c]);
      set("eca", start.eca_mV[c]);
      for (const Expr e : m.initial) stored.push_back(m.graph.evaluate(e, values));
      for (const Expr e : m.initial_concentration) start.calcium_inside_mM[c] = m.graph.evaluate(e, values);
      if (!m.initial_concentration.empty()) nernst(c);
    }
  }
  return start;
}

}  // namespace neurontwin
