#include "mechanism/ion.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace nt::mechanism {
namespace {

/// As in NEURON's nrnoc/eion.cpp. An ion that is not here has a valence of its files and 1 mM on both sides.
const std::array<Ion, 3> kKnown{{
    {.name = "na", .valence = 1, .inside_mM = 10, .outside_mM = 140, .reversal_mV = 50},
    {.name = "k", .valence = 1, .inside_mM = 54.4, .outside_mM = 2.5, .reversal_mV = -77},
    {.name = "ca",
     .valence = 2,
     .inside_mM = 5e-5,
     .outside_mM = 2,
     .reversal_mV = 132.4579341637009,
     .always_followed = true},
}};

}  // namespace

Ion usual_ion(const std::string& name) {
  const auto* known =
      std::find_if(kKnown.begin(), kKnown.end(), [&](const Ion& i) { return i.name == name; });
  return known == kKnown.end() ? Ion{.name = name} : *known;
}

double nernst_factor_mV(double celsius, double valence) {
  return 1000 * 8.31446261815324 * (273.15 + celsius) / (valence * 96485.33212331001);
}

double nernst_mV(const Ion& ion, double celsius, double inside_mM, double outside_mM) {
  return nernst_factor_mV(celsius, ion.valence.value()) * std::log(outside_mM / inside_mM);
}

}  // namespace nt::mechanism
