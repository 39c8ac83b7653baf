#pragma once
#include <optional>
#include <string>

namespace nt::mechanism {

/// An ion as it is where nobody says more of it.
struct Ion {
  std::string name = {};               // "ca": its variables are eca, cai, cao, ica
  std::optional<double> valence = {};  // elementary charges; none: a mechanism has to say it (VALENCE)
  double inside_mM = 1, outside_mM = 1, reversal_mV = 0;
  /// The reversal potential stays as it is, whatever the concentrations do: NEURON's ion_style(name, c, 1, 0,
  /// 0, i).
  bool fixed_reversal = false;
  /// Mechanisms are always made ready for a concentration that changes. Of other ions they are only in a cell
  /// that has a mechanism which changes it, and those of the catalogue are compiled anew for that.
  bool always_followed = false;
};

/// The ion of this name, with NEURON's valence, concentrations and reversal potential. Any name is one.
Ion usual_ion(const std::string& name);

/// RT/zF in mV, with the constants of NEURON >= 8.
double nernst_factor_mV(double celsius, double valence);

/// The reversal potential of an ion whose valence is known.
double nernst_mV(const Ion& ion, double celsius, double inside_mM, double outside_mM);

}  // namespace nt::mechanism
