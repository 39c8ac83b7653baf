#include "cell/physical.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

namespace nt::cell {
namespace {

constexpr double kMost_S = 1e-3, kMost_S_cm2 = 1000;
constexpr double kMost_nA = 1e6, kMost_mA_cm2 = 1e6;
constexpr double kMost_mM = 1e5, kMost_ms = 1e9;

/// The power of ten that a prefix is; none if it is no prefix.
std::optional<int> prefix_of(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, int>, 9> kPrefixes{{{"", 0},
                                                                              {"m", -3},
                                                                              {"milli", -3},
                                                                              {"u", -6},
                                                                              {"micro", -6},
                                                                              {"n", -9},
                                                                              {"nano", -9},
                                                                              {"p", -12},
                                                                              {"pico", -12}}};
  for (const auto& [name, power] : kPrefixes)
    if (text == name) return power;
  return {};
}

/// The power of ten that siemens_in() is.
std::optional<int> power_of_siemens(std::string_view unit) {
  const auto slash = unit.find('/');
  const auto numerator = unit.substr(0, slash);
  std::optional<int> power;
  for (const std::string_view base : {"siemens", "mhos", "mho", "S"}) {
    if (!numerator.ends_with(base)) continue;
    power = prefix_of(numerator.substr(0, numerator.size() - base.size()));
    break;
  }
  if (!power || slash == unit.npos) return power;
  const auto area = unit.substr(slash + 1);
  if (area == "cm2" || area == "cm^2") return power;
  if (area == "um2" || area == "um^2" || area == "micron2") return *power + 8;
  if (area == "m2" || area == "m^2") return *power - 4;
  return {};
}

bool is_per_area(std::string_view unit) {
  return unit.find('/') != unit.npos;
}

/// "g", "gbar", "gnabar", "gmax", "nmda_gmax".
bool names_conductance(std::string_view name) {
  const bool bar = name.ends_with("bar") || name.ends_with("max");
  return name == "g" || (name.starts_with("g") && bar) || name.ends_with("_gmax") || name.ends_with("_gbar");
}

/// From nothing to the most that physical_range() allows, in this unit.
std::optional<config::Range> conductances(std::string_view unit) {
  const auto power = power_of_siemens(unit);
  if (!power) return {};
  return config::Range{0, (is_per_area(unit) ? kMost_S_cm2 : kMost_S) * std::pow(10.0, -*power)};
}

/// "nmin = 0.1 (mS)": published files write milliseconds so, which to NEURON is only a word.
bool is_time_written_as_siemens(const mechanism::Parameter& parameter) {
  return parameter.unit == "mS" && !names_conductance(parameter.name);
}

bool is_current(std::string_view unit) {
  const auto amperes = unit.substr(0, unit.find('/'));
  return amperes == "nA" || amperes == "mA" || amperes == "uA" || amperes == "pA" || amperes == "nanoamp" ||
         amperes == "milliamp" || amperes == "A";
}

}  // namespace

std::optional<double> siemens_in(std::string_view unit) {
  const auto power = power_of_siemens(unit);
  return power ? std::optional(std::pow(10.0, *power)) : std::nullopt;
}

bool is_conductance(const mechanism::Parameter& parameter) {
  if (parameter.unit.empty()) return names_conductance(parameter.name);
  if (is_time_written_as_siemens(parameter)) return false;
  return siemens_in(parameter.unit).has_value();
}

bool is_called_conductance(const mechanism::Parameter& parameter) {
  return names_conductance(parameter.name);
}

bool is_density(const mechanism::Parameter& parameter) {
  return siemens_in(parameter.unit) && is_per_area(parameter.unit);
}

config::Range physical_range(const mechanism::Parameter& parameter) {
  const std::string unit = is_time_written_as_siemens(parameter) ? "ms" : parameter.unit;
  if (const auto range = conductances(unit)) return *range;
  if (is_conductance(parameter)) return config::kNotNegative;
  if (unit == "mV" || unit == "millivolt") return kVoltages_mV;
  if (unit == "nA" || unit == "nanoamp") return {-kMost_nA, kMost_nA};
  if (unit == "mA/cm2" || unit == "milliamp/cm2") return {-kMost_mA_cm2, kMost_mA_cm2};
  if (unit == "mM" || unit == "milli/liter") return {0, kMost_mM};
  if (unit == "ms" || unit == "millisecond") return {-kMost_ms, kMost_ms};
  return {};
}

bool uses_weight(const mechanism::Mechanism& m) {
  if (!m.receiving || m.receiving->arguments.empty()) return false;
  const mechanism::Expr weight = m.symbol(m.receiving->arguments[0]);
  if (weight < 0) return false;
  if (m.receiving->keeps_weight) return true;
  const auto depends = [&](mechanism::Expr e) { return e >= 0 && m.graph.depends(e, weight); };
  const auto any = [&](const auto& all, const auto&... parts) {
    return std::any_of(all.begin(), all.end(), [&](const auto& one) { return (... || depends(one.*parts)); });
  };
  using M = mechanism::Mechanism;
  return std::any_of(m.initial.begin(), m.initial.end(), depends) ||
         std::any_of(m.receiving->stored.begin(), m.receiving->stored.end(), depends) ||
         depends(m.receiving->v) || any(m.receiving->sends, &M::Send::when, &M::Send::time, &M::Send::flag) ||
         any(m.receiving->watches, &M::Watch::value, &M::Watch::flag) ||
         any(m.receiving->outside, &M::Outside::when);
}

bool needs_weight(const mechanism::Mechanism& m) {
  return uses_weight(m) && m.receiving->weight_unit != "1";
}

config::Range weight_range(const mechanism::Mechanism& m) {
  const auto& unit = m.receiving->weight_unit;
  if (const auto range = conductances(unit)) return *range;
  if (is_current(unit)) return {-kMost_nA, kMost_nA};
  return {0, 1e6};
}

}  // namespace nt::cell
