#include "cell/formula.hpp"

#include <algorithm>

#include "config/error.hpp"

namespace nt::cell {

Formula::Formula(const std::string& text, const std::string& where, std::vector<std::string> variables)
    : variables_(std::move(variables)) {
  const auto refuse = [&](const std::string& what) {
    fail_input("{} is the formula \"{}\": {}; it may hold {}, numbers and functions", where, text, what,
               fmt::join(variables_, ", "));
  };
  if (text.find_first_of("{}") != text.npos) refuse("it has braces");
  try {
    mechanism_ = mechanism::compile_mechanism(
        fmt::format(
            "NEURON {{ SUFFIX formula NONSPECIFIC_CURRENT value }}\nPARAMETER {{ {} }}\nASSIGNED {{ value "
            "}}\nBREAKPOINT {{ value = {}\n}}",
            fmt::join(variables_, " "), text),
        "formula");
  } catch (const InputError& error) {
    // What the compiler says, without the line of a text that the user never saw.
    const std::string what = error.what();
    const auto start = what.find(": ");
    refuse(what.substr(start == what.npos ? 0 : start + 2));
  }
  for (const auto* name : {"v", "t", "dt", "celsius", "diam", "area", mechanism::kAreaScale}) {
    if (std::ranges::find(variables_, name) != variables_.end()) continue;
    const mechanism::Expr e = mechanism_.symbol(name);
    if (e >= 0 && mechanism_.graph.depends(mechanism_.currents[0].value, e))
      refuse(fmt::format("'{}' is unknown here", name));
  }
}

double Formula::operator()(const std::vector<double>& values) const {
  std::map<mechanism::Expr, double> by_symbol;
  for (size_t k = 0; k < values.size(); ++k) by_symbol[mechanism_.symbol(variables_[k])] = values[k];
  return mechanism_.graph.evaluate(mechanism_.currents[0].value, by_symbol);
}

std::vector<double> evaluate_formula(const std::string& formula, const std::string& where,
                                     const morphology::Compartments& geometry,
                                     const std::vector<int>& compartments, bool last_at_end) {
  const Formula value(formula, where, {"distance", "longest", "diameter", "x"});
  double longest = 0;
  for (const int c : compartments) {
    const auto& compartment = geometry.compartments[c];
    longest = std::max(longest, compartment.path_um + compartment.length_um / 2);
  }
  std::vector<double> values;
  for (const int c : compartments) {
    const auto& compartment = geometry.compartments[c];
    const bool at_end =
        last_at_end && c + 1 == geometry.first_compartment[static_cast<size_t>(compartment.section) + 1];
    const double distance = compartment.path_um + (at_end ? compartment.length_um / 2 : 0);
    values.push_back(value({distance, longest, compartment.diameter_um, at_end ? 1 : compartment.x}));
  }
  return values;
}

}  // namespace nt::cell
