#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mechanism/mechanism.hpp"
#include "morphology/compartments.hpp"

namespace nt::cell {

/// Arithmetic of NMODL on some variables.
class Formula {
 public:
  /// `where` names the key in messages. InputError if the text is none, or names other variables.
  Formula(const std::string& text, const std::string& where, std::vector<std::string> variables);
  /// `values` in the order of the variables.
  double operator()(const std::vector<double>& values) const;

 private:
  mechanism::Mechanism mechanism_;
  std::vector<std::string> variables_;
};

/// A formula at compartments: `distance` and `longest` in um along the tree from the soma (`longest`: to the
/// farthest end among these), `diameter` in um, `x` from 0 to 1 along the section. `last_at_end`: in the last
/// compartment of a section, distance is that of the section's end. So it comes out in NEURON when a hoc loop
/// for (x) sets a density: it visits x = 1 last, which stands for the last compartment.
std::vector<double> evaluate_formula(const std::string& formula, const std::string& where,
                                     const morphology::Compartments& geometry,
                                     const std::vector<int>& compartments, bool last_at_end = false);

}  // namespace nt::cell
