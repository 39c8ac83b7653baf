#include "mechanism/pace.hpp"

#include <algorithm>
#include <limits>

#include "mechanism/ion.hpp"

namespace nt::mechanism {
namespace {

/// An ion variable while a neuron is at work: mM, mV or mA/cm2.
double working_value(const IonVariable& variable) {
  static const std::map<std::string, Ion> kWorking{
      {"na", {.inside_mM = 10, .outside_mM = 100, .reversal_mV = 50}},
      {"k", {.inside_mM = 10, .outside_mM = 100, .reversal_mV = -80}},
      {"ca", {.inside_mM = 1e-4, .outside_mM = 2, .reversal_mV = 50}}};
  const auto known = kWorking.find(variable.ion);
  const auto ion = known == kWorking.end() ? usual_ion(variable.ion) : known->second;
  switch (variable.quantity) {
    case IonQuantity::reversal_mV:
      return ion.reversal_mV;
    case IonQuantity::inside_mM:
      return ion.inside_mM;
    case IonQuantity::outside_mM:
      return ion.outside_mM;
    case IonQuantity::current:
      break;
  }
  return 0;
}

/// Symbols as they are by default, to tell fast states from slow ones.
std::map<Expr, double> usual_values(const Mechanism& m) {
  std::map<Expr, double> values;
  const auto set = [&](const std::string& name, double value) {
    if (const Expr e = m.symbol(name); e >= 0) values[e] = value;
  };
  set("celsius", 6.3);
  set("diam", 1);
  set("area", 100);
  set(kAreaScale, 1);
  set("t", 0);
  for (const auto& parameter : m.parameters) set(parameter.name, parameter.value);
  for (const auto& ion : m.ions)
    for (const auto* when : {"", kAtRest}) set(ion.name + when, working_value(ion));
  if (m.receiving && !m.receiving->arguments.empty()) set(m.receiving->arguments[0], 1);
  return values;
}

}  // namespace

bool is_ohmic(const Mechanism& m) {
  Graph graph = m.graph;  // taking derivatives adds nodes
  const Expr v = m.symbol("v");
  return m.conductance < 0 || v < 0 || graph.is_constant(graph.derivative(m.conductance, v), 0);
}

bool knows_time(const Mechanism& m) {
  const Expr t = m.symbol("t");
  if (t < 0) return false;
  const auto depends = [&](Expr e) { return m.graph.depends(e, t); };
  return (m.total_current >= 0 && depends(m.total_current)) ||
         std::any_of(m.advanced.begin(), m.advanced.end(), depends) ||
         std::any_of(m.after_current.begin(), m.after_current.end(), depends) ||
         std::any_of(m.advanced_concentration.begin(), m.advanced_concentration.end(), depends);
}

std::vector<double> shortest_time_constants_ms(const Mechanism& m, std::map<Expr, double> values) {
  constexpr double kShort_ms = 1e-3;
  Graph graph = m.graph;
  const Expr v = m.symbol("v");
  if (const Expr dt = m.symbol("dt"); dt >= 0) values[dt] = kShort_ms;
  if (v >= 0) values[v] = -65;
  for (const auto& name : m.stored) values[m.symbol(name)] = 0;
  auto initial = values;
  // Loops are left alone: at values that are not those of a simulation they might have no end.
  const auto turns = [&](Expr e) { return graph.any_has(Op::loop, {e}); };
  for (size_t s = 0; s < m.stored.size(); ++s)
    initial[m.symbol(m.stored[s])] = turns(m.initial[s]) ? 0 : graph.evaluate(m.initial[s], values);
  std::vector<double> all;
  for (size_t s = 0; s < m.states; ++s) {
    const Expr persistence = graph.derivative(m.advanced[s], m.symbol(m.stored[s]));
    const bool endless = turns(persistence), follows_v = v >= 0 && graph.depends(persistence, v);
    double fastest_per_ms = endless ? std::numeric_limits<double>::infinity() : 0;
    for (double at = -90; at <= (follows_v ? 20 : -90) && !endless; at += 2.5) {
      if (v >= 0) initial[v] = at + 1e-3;  // beside the holes of formulas like x / (1 - exp(-x))
      const double rate = (1 - graph.evaluate(persistence, initial)) / kShort_ms;
      if (!(rate < 1 / kShort_ms)) fastest_per_ms = std::numeric_limits<double>::infinity();
      fastest_per_ms = std::max(fastest_per_ms, rate);
    }
    all.push_back(fastest_per_ms > 0 ? 1 / fastest_per_ms : std::numeric_limits<double>::infinity());
  }
  return all;
}

std::vector<std::vector<size_t>> parts_of(const Mechanism& m) {
  std::vector<std::vector<size_t>> parts(1);
  // How fast given functions and diffusion are, nobody knows yet. What receives events stays whole, and so
  // does what changes a concentration, which follows all of its states.
  if (!m.given_functions.empty() || !m.diffusing.empty() || m.receiving ||
      !m.advanced_concentration.empty()) {
    for (size_t s = 0; s < m.stored.size(); ++s) parts[0].push_back(s);
    return parts;
  }
  const auto time_constants = shortest_time_constants_ms(m, usual_values(m));
  const double shortest =
      time_constants.empty() ? 0 : *std::min_element(time_constants.begin(), time_constants.end());
  const auto alone = [&](size_t s) {
    for (size_t other = 0; other < m.stored.size(); ++other) {
      if (other == s) continue;
      if (m.graph.depends(m.advanced[s], m.symbol(m.stored[other])) ||
          m.graph.depends(m.advanced[other], m.symbol(m.stored[s])))
        return false;
    }
    return true;
  };
  std::vector<size_t> slow;
  for (size_t s = 0; s < m.stored.size(); ++s) {
    const bool is_slow = s < m.states && time_constants[s] > 4 * shortest && alone(s);
    (is_slow ? slow : parts[0]).push_back(s);
  }
  if (!slow.empty()) parts.push_back(slow);
  return parts;
}

}  // namespace nt::mechanism
