#pragma once
// For tests of this room: a mechanism as its expressions say, without kernels.
#include <map>
#include <string>
#include <vector>

#include "config/error.hpp"
#include "mechanism/mechanism.hpp"

namespace nt::mechanism {

/// A mechanism run by the plain evaluation of its expressions.
struct Plain {
  Mechanism m;
  std::map<Expr, double> values;

  explicit Plain(const std::string& text, Kinetics kinetics = Kinetics::as_neuron,
                 Generators generators = Generators::given, Tables tables = Tables::as_neuron)
      : m(compile_mechanism(text, "x.mod",
                            {.tables = tables, .generators = generators, .kinetics = kinetics})) {
    for (const auto& p : m.parameters) set(p.name, p.value);
    for (const auto& ion : m.ions)
      for (const auto* when : {"", kAtRest}) set(ion.name + when, 0);
    for (const auto* name : {"v", "t"}) set(name, 0);
    set("dt", 0.025);
    set("celsius", 30);
    set("diam", 2);
    set("area", 100);
    set(kAreaScale, 1);
    set(kEventFlag, 0);
    for (const auto& name : m.stored) set(name, 0);
  }
  void set(const std::string& name, double value) {
    if (const Expr e = m.symbol(name); e >= 0) values[e] = value;
  }
  double get(const std::string& name) const { return values.at(m.symbol(name)); }
  double of(Expr e) const { return m.graph.evaluate(e, values); }
  void become(const std::vector<Expr>& next) {
    std::vector<double> results;
    for (const Expr e : next) results.push_back(of(e));
    for (size_t i = 0; i < results.size(); ++i) set(m.stored[i], results[i]);
  }
  /// As it is before the first step: what all mechanisms have to do with, ions, stays.
  void initialise() {
    become(m.initial);
    if (m.start.after_initial) become(m.start.after_initial->stored);
    if (m.start.breakpoint && m.before_breakpoint) become(m.before_breakpoint->stored);
    if (m.start.breakpoint) become(m.after_current);
    if (m.start.before_step) become(m.start.before_step->stored);
  }
  void advance() {
    become(m.after_current);
    become(m.advanced);
  }
  double current() const { return of(m.total_current); }
};

inline std::string channel(const std::string& blocks, const std::string& declared = "") {
  return "NEURON { SUFFIX x NONSPECIFIC_CURRENT i }\nPARAMETER { g = 2 }\nASSIGNED { v i a " + declared +
         " }\nSTATE { x y }\n" + blocks;
}

inline std::string synapse(const std::string& blocks, const std::string& declared = "") {
  return "NEURON { POINT_PROCESS x NONSPECIFIC_CURRENT i }\nASSIGNED { v i on " + declared +
         " }\nSTATE { x }\nBREAKPOINT { i = x*v + on }\n" + blocks;
}

inline std::string refusal(const std::string& text) {
  try {
    compile_mechanism(text, "x.mod");
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace nt::mechanism
