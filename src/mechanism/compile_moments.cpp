#include <algorithm>

#include "mechanism/detail/compiler.hpp"

// BEFORE and AFTER: what stands before or after blocks of all mechanisms, and what is executed before the
// first step. NEURON's order (fadvance.cpp, treeset.cpp, eion.cpp): at the start BEFORE INITIAL of all
// mechanisms, their INITIALs, each with the reversal potentials that follow from what it writes, AFTER
// INITIAL of all; then, as in each step, BEFORE BREAKPOINT of all, reversal potentials, currents of all; and
// BEFORE STEP of all. A step ends with the states of all, diffusion, AFTER SOLVE of all, and BEFORE STEP of
// all.
namespace nt::mechanism {

bool Compiler::touches_ions(const Term& t, std::set<std::string>& seen) const {
  if (t.kind == Term::Kind::name && varies_as_ion(t.text)) return true;
  if (t.kind == Term::Kind::call && calls_what_touches_ions(t.text, seen)) return true;
  return std::ranges::any_of(t.parts, [&](const Term& part) { return touches_ions(part, seen); });
}

bool Compiler::touches_ions(const std::vector<Statement>& statements, std::set<std::string>& seen) const {
  return std::ranges::any_of(statements, [&](const Statement& s) {
    const bool names_it = s.kind == Statement::Kind::verbatim
                              ? s.name.find("_ion_") != std::string::npos
                              : varies_as_ion(s.name) || calls_what_touches_ions(s.name, seen);
    return names_it || (s.index && touches_ions(*s.index, seen)) ||
           std::ranges::any_of(s.terms, [&](const Term& t) { return touches_ions(t, seen); }) ||
           touches_ions(s.then, seen) || touches_ions(s.otherwise, seen);
  });
}

bool Compiler::varies_as_ion(const std::string& name) const {
  const auto* ion = ion_variable(name);
  return ion != nullptr && varying_.contains(name) && m_.graph.node(varying_.at(name)).varying;
}

bool Compiler::calls_what_touches_ions(const std::string& name, std::set<std::string>& seen) const {
  for (const auto* kind : {"FUNCTION", "PROCEDURE"})
    if (const auto* block = file_.block(kind, name))
      return seen.insert(name).second && touches_ions(block->body, seen);
  return false;
}

bool Compiler::has_own_moment(const std::string& when, const std::string& what) const {
  const auto* block = file_.block(when, what);
  std::set<std::string> seen;
  return block != nullptr && touches_ions(block->body, seen);
}

bool Compiler::moments_are_apart() const {
  const auto any = [&](const auto& holds) {
    return holds("BEFORE", "BREAKPOINT") || holds("AFTER", "SOLVE") || holds("BEFORE", "STEP");
  };
  if (any([&](const char* when, const char* what) { return has_own_moment(when, what); })) return true;
  const bool diffuses = std::ranges::any_of(file_.blocks, [](const Block& block) {
    return std::ranges::any_of(block.body,
                               [](const Statement& s) { return s.kind == Statement::Kind::diffusion; });
  });
  return diffuses &&
         any([&](const char* when, const char* what) { return file_.block(when, what) != nullptr; });
}

void Compiler::refuse_set_reversal(const Block& block) const {
  for (const auto& ion : m_.ions)
    if (ion.quantity == IonQuantity::reversal_mV && ion.written && values_.contains(ion.name))
      refuse(block.line, fmt::format("{} {} sets {}, which NEURON forgets again; set it in BREAKPOINT",
                                     block.kind, block.name, ion.name));
}

void Compiler::refuse_read_current(const Block& block, const Mechanism::Moment& left) const {
  for (const auto& ion : m_.ions) {
    if (ion.quantity != IonQuantity::current || ion.written) continue;
    const auto depends = [&](Expr e) { return m_.graph.depends(e, varying_.at(ion.name)); };
    // NEURON adds the currents of mechanisms that have such blocks once more to what others then read.
    if (std::ranges::any_of(left.stored, depends) || std::ranges::any_of(left.written, depends))
      refuse(block.line,
             fmt::format("{} {} reads {}, which is no one value there; read it in what BREAKPOINT solves",
                         block.kind, block.name, ion.name));
  }
}

std::optional<Mechanism::Moment> Compiler::moment(const std::string& when, const std::string& what) {
  const auto* block = file_.block(when, what);
  if (block == nullptr) return {};
  begin(when + " " + what);
  execute(block->body, 0);
  left_ = Left::no;
  refuse_set_reversal(*block);
  Mechanism::Moment left{final_values(), concentrations()};
  refuse_read_current(*block, left);
  return left;
}

void Compiler::before_initial() {
  const auto* block = file_.block("BEFORE", "INITIAL");
  if (block == nullptr) return;
  execute(block->body, 0);
  left_ = Left::no;
  refuse_set_reversal(*block);
  auto& g = m_.graph;
  std::map<Expr, Expr> at_rest;
  for (const auto& ion : m_.ions) {
    if (ion.is_concentration()) values_.erase(ion.name);  // NEURON then sets it to that of rest
    if (varies_as_ion(ion.name)) at_rest[varying_.at(ion.name)] = g.symbol(ion.name + kAtRest, false);
  }
  for (auto& [name, value] : values_) value = g.substitute(value, at_rest);
}

}  // namespace nt::mechanism
