#pragma once
#include <optional>
#include <string_view>

#include "config/settings.hpp"
#include "mechanism/mechanism.hpp"

namespace nt::cell {

/// Where a membrane's voltage is believed: a membrane breaks down (electroporation) before a volt of either
/// sign. Descriptions cannot ask for more, and a simulation stops at the first voltage outside.
inline constexpr double kLowest_mV = -1000, kHighest_mV = 1000;
inline constexpr config::Range kVoltages_mV{kLowest_mV, kHighest_mV};
inline constexpr config::Range kTimeConstants_ms{1e-6, 1e9};

inline bool is_physical_mV(double mV) {
  return mV >= kLowest_mV && mV <= kHighest_mV;  // false for NaN
}

/// How many siemens a unit of NMODL is ("uS", "nanosiemens"), or how many for each cm2 ("mho/cm2", "pS/um2");
/// none if it is no conductance.
std::optional<double> siemens_in(std::string_view unit);

/// Whether its unit says so, or its name where it has no unit: g, gbar, gmax, nmda_gmax.
bool is_conductance(const mechanism::Parameter& parameter);
/// Whether it is called as conductances are: "g", "gbar", "gnabar", "gmax", "nmda_gmax".
bool is_called_conductance(const mechanism::Parameter& parameter);
/// Conductance of a membrane: in "S/cm2" or the like.
bool is_density(const mechanism::Parameter& parameter);

/// The values of a mechanism's parameter that make physical sense: conductances from 0 to 1 mS or 1000 S/cm2,
/// voltages as above, currents to 1 mA or 1000 A/cm2, concentrations from 0 to 100 M, times to 10^9 ms. No
/// bounds where nothing is known of its unit.
config::Range physical_range(const mechanism::Parameter& parameter);

/// Whether events of a synapse need a weight from the description: its NET_RECEIVE uses the weight, and does
/// not declare that it is a mere number, `NET_RECEIVE(weight (1))`.
bool needs_weight(const mechanism::Mechanism& m);
/// Whether its NET_RECEIVE does anything with the weight.
bool uses_weight(const mechanism::Mechanism& m);

/// The weights that an event of a synapse may have. Not below 0 unless the weight is declared as a current:
/// nothing conducts less than nothing.
config::Range weight_range(const mechanism::Mechanism& m);

}  // namespace nt::cell
