#include "cell/detail/balance.hpp"

#include <algorithm>
#include <cmath>

#include "cell/detail/shape.hpp"
#include "cell/initial_state.hpp"
#include "cell/physical.hpp"

namespace nt::cell {
namespace {

/// The leak that the description names, and its parameter.
struct Leak {
  Placement* placement;
  size_t parameter;
};

Leak read_leak(const config::Settings& table, DetailedCell& cell) {
  const auto mechanism = table.text("mechanism"), parameter = table.text("parameter", "e");
  for (auto& p : cell.placements) {
    const auto& m = p.mechanism();
    if (m.name != mechanism) continue;
    if (!is_leak(m))
      fail_input("{}: {} is not a leak: its current is not linear in the voltage, or it has states",
                 table.where("mechanism"), mechanism);
    for (size_t k = 0; k < m.parameters.size(); ++k)
      if (m.parameters[k].name == parameter) return {&p, k};
    fail_input("{}: {} has no parameter '{}'", table.where("parameter"), mechanism, parameter);
  }
  fail_input("{}: the mechanism {} is not inserted anywhere", table.where("mechanism"), mechanism);
}

/// The current of an instance at the start, in mA/cm2.
double current(const DetailedCell& cell, const InitialState& start, size_t placement, size_t instance) {
  const auto& p = cell.placements[placement];
  const auto& m = p.mechanism();
  const auto c = static_cast<size_t>(p.compartments[instance]);
  auto values = known_values(cell, p, instance, 0.025);
  for (size_t s = 0; s < m.stored.size(); ++s) {
    if (const mechanism::Expr e = m.symbol(m.stored[s]); e >= 0)
      values[e] = start.stored[placement][instance * m.stored.size() + s];
  }
  for (const auto& variable : m.ions) {
    const mechanism::Expr e = m.symbol(variable.name);
    if (e < 0 || variable.quantity == mechanism::IonQuantity::current) continue;
    const auto& ion = start.ions.at(variable.ion);
    values[e] = variable.quantity == mechanism::IonQuantity::inside_mM    ? ion.inside_mM[c]
                : variable.quantity == mechanism::IonQuantity::outside_mM ? ion.outside_mM[c]
                                                                          : ion.reversal_mV[c];
  }
  return m.graph.evaluate(m.total_current, values);
}

/// The currents of each compartment's channels but the leak, at rest.
std::vector<double> other_currents(const DetailedCell& cell, const InitialState& start,
                                   const Placement* leak) {
  std::vector<double> sum(cell.geometry.compartments.size());
  for (size_t p = 0; p < cell.placements.size(); ++p) {
    const auto& placement = cell.placements[p];
    // Electrodes and synapses are silent at rest.
    if (&placement == leak || placement.mechanism().point_process || placement.mechanism().total_current < 0)
      continue;
    for (size_t i = 0; i < placement.compartments.size(); ++i)
      sum[placement.compartments[i]] += current(cell, start, p, i);
  }
  return sum;
}

}  // namespace

void balance(const config::Settings& settings, DetailedCell& cell) {
  if (!settings.has("balance")) return;
  const auto table = settings.table("balance");
  const auto leak = read_leak(table, cell);
  const double rest_mV = table.number("mV", {}, kVoltages_mV), initial_mV = cell.initial_mV;
  cell.initial_mV = rest_mV;
  const auto start = initial_state(cell, 0.025);
  const auto others = other_currents(cell, start, leak.placement);
  const auto number = static_cast<size_t>(leak.placement - cell.placements.data());
  for (size_t i = 0; i < leak.placement->compartments.size(); ++i) {
    const auto c = static_cast<size_t>(leak.placement->compartments[i]);
    auto& e_mV = leak.placement->parameters[i][leak.parameter];
    // The leak's current is a straight line of e, too.
    e_mV = 0;
    const double at_0 = current(cell, start, number, i);
    e_mV = 1;
    const double slope = current(cell, start, number, i) - at_0;
    e_mV = -(others[c] + at_0) / slope;
    if (std::isfinite(e_mV) && is_physical_mV(e_mV)) continue;
    const auto& here = cell.geometry.compartments[c];
    const auto where = fmt::format("{}: '{}'", table.where("mV"), table.full_key("mV"));
    const auto place = fmt::format("{}({:.3g})", cell.geometry.sections[here.section].name, here.x);
    const auto& leak_name = leak.placement->mechanism().name;
    if (slope == 0)
      fail_input("{}: {} conducts nothing in {}, so no reversal potential of it brings the rest to {} mV",
                 where, leak_name, place, rest_mV);
    fail_input(
        "{}: to rest at {} mV, {} would need a leak that reverses at {:.6g} mV, expected from {} to {} mV; "
        "does {} conduct there?",
        where, rest_mV, place, e_mV, kLowest_mV, kHighest_mV, leak_name);
  }
  cell.initial_mV = initial_mV;
}

}  // namespace nt::cell
