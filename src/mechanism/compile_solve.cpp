#include <algorithm>

#include "mechanism/detail/compiler.hpp"

namespace nt::mechanism {

void Compiler::solve_in(const std::vector<Statement>& statements) {
  for (const auto& s : statements) {
    solve_nowhere(s.then);
    solve_nowhere(s.otherwise);
    if (s.kind == Statement::Kind::solve) solve(s);
  }
}

void Compiler::solve_nowhere(const std::vector<Statement>& statements, const std::string& where) {
  for (const auto& s : statements) {
    if (s.kind == Statement::Kind::solve)
      refuse(s.line, fmt::format("SOLVE {} inside {} cannot be compiled here", s.name, where));
    solve_nowhere(s.then, where);
    solve_nowhere(s.otherwise, where);
  }
}

void Compiler::solve(const Statement& s) {
  if (const auto* procedure = file_.block("PROCEDURE", s.name)) {
    if (s.steady_state) refuse(s.line, "STEADYSTATE solves a DERIVATIVE or KINETIC block, not a PROCEDURE");
    execute(procedure->body, 0);
    return;
  }
  const auto* block = file_.block("DERIVATIVE", s.name);
  const auto* kinetic = block ? nullptr : file_.block("KINETIC", s.name);
  if (!block && !kinetic)
    refuse(s.line, fmt::format("there is no DERIVATIVE, KINETIC or PROCEDURE '{}' to solve", s.name));
  if (kinetic && s.method != "sparse")
    refuse(s.line,
           fmt::format("METHOD '{}' of a KINETIC block cannot be compiled here; use sparse", s.method));
  if (block && s.method != "cnexp" && s.method != "derivimplicit" && s.method != "euler" &&
      s.method != "sparse") {
    refuse(s.line,
           fmt::format("METHOD '{}' cannot be compiled here; use cnexp, derivimplicit, euler or sparse",
                       s.method));
  }
  if (s.steady_state && block && s.method != "derivimplicit")
    refuse(s.line,
           fmt::format("STEADYSTATE of a DERIVATIVE block has the method derivimplicit, not {}", s.method));
  const auto& body = (block ? block : kinetic)->body;
  if (block && s.method == "cnexp") {
    Solving solving{Solving::Kind::exactly};
    solving_ = &solving;
    execute(body, 0);
    solving_ = nullptr;
  } else if (s.method == "euler") {
    explicit_step(body);
  } else {
    implicit_step(body, kinetic ? Solving::Kind::reactions : Solving::Kind::derivatives, s);
  }
}

void Compiler::advance_exactly(const Statement& s, int depth) {
  auto& g = m_.graph;
  const auto& name = s.name;
  const Expr x = varying_.at(name), now = read(name, s.line);
  if (passes_to_function(s.terms[0], name))
    refuse(s.line,
           fmt::format(
               "{}' is not linear in {} for METHOD cnexp, which does not look into functions; use METHOD "
               "derivimplicit, as NEURON does here",
               name, name));
  const auto depends = [&](const Values& values) {
    return std::any_of(values.begin(), values.end(), [&](const auto& v) { return g.depends(v.second, x); });
  };
  const bool apart = now != x || depends(values_) || depends(locals_.back()) || calls_function(s.terms[0]);
  const Expr own = apart ? g.symbol(name + " of the step", true) : x;
  if (apart) named_ = {name, own};
  const Expr derivative = value(s.terms[0], depth);
  named_ = {};
  const auto step = exact_step(g, own, derivative, fixed_.at("dt"));
  if (!step) refuse(s.line, fmt::format("{}' is not linear in {}; use METHOD derivimplicit", name, name));
  const auto placed = [&](Expr e) { return apart ? g.substitute(e, {{own, now}}) : e; };
  const Expr advanced = placed(step->advanced);
  values_[name] = advanced;
  if (step->quickly >= 0) quick_[advanced] = placed(step->quickly);
  if (step->decay >= 0 && solving_->branches == 0 && now == x) decay_[name] = {advanced, step->decay};
}

bool Compiler::calls_function(const Term& t) const {
  return (t.kind == Term::Kind::call &&
          (file_.block("FUNCTION", t.text) || file_.block("PROCEDURE", t.text))) ||
         std::any_of(t.parts.begin(), t.parts.end(), [&](const Term& part) { return calls_function(part); });
}

bool Compiler::passes_to_function(const Term& t, const std::string& name, bool inside) const {
  inside |= t.kind == Term::Kind::call && file_.block("FUNCTION", t.text);
  return (inside && t.kind == Term::Kind::name && t.text == name) ||
         std::any_of(t.parts.begin(), t.parts.end(),
                     [&](const Term& part) { return passes_to_function(part, name, inside); });
}

void Compiler::explicit_step(const std::vector<Statement>& body) {
  auto& g = m_.graph;
  Solving solving{Solving::Kind::derivatives};
  solving_ = &solving;
  execute(body, 0);
  solving_ = nullptr;
  Values next;
  for (const auto& [name, f] : solving.derivatives)
    next[name] = g.add(read(name, 0), g.multiply(fixed_.at("dt"), f));
  for (const auto& [name, e] : next) values_[name] = e;
}

void Compiler::implicit_step(const std::vector<Statement>& body, Solving::Kind kind, const Statement& s) {
  auto& g = m_.graph;
  std::map<Expr, Expr> entering;  // states that had a value
  for (const auto& [name, line] : states_) {
    const auto it = values_.find(name);
    if (it == values_.end()) continue;
    entering[varying_.at(name)] = it->second;
    values_.erase(it);
  }
  Solving solving{kind};
  solving_ = &solving;
  execute(body, 0);
  solving_ = nullptr;
  StateSystem system;
  std::vector<std::string> names;
  for (const auto& [name, f] : solving.derivatives) {
    names.push_back(name);
    system.x.push_back(varying_.at(name));
    system.f.push_back(f);
  }
  if (names.size() > 12)
    refuse(s.line, fmt::format("{} coupled states; at most 12 can be compiled here", names.size()));
  add_sums(solving, names, system);
  const Expr dt = s.steady_state ? g.constant(kSteadyStep_ms) : fixed_.at("dt");
  if (kind == Solving::Kind::reactions && !solving.higher_order) {
    // One step, in which rates and `<<` that depend on states are numbers, as in NEURON's sparse method.
    for (const auto& row : names) {
      auto& slopes = system.slopes.emplace_back();
      for (const auto& column : names) {
        const auto it = solving.slopes.find({row, column});
        slopes.push_back(it == solving.slopes.end() ? g.constant(0) : it->second);
      }
    }
  }
  const bool once = !system.slopes.empty() || is_linear(g, system);
  const int iterations = once ? 1 : s.steady_state ? kSteadyIterations : kIterations;
  const auto y = backward_euler_step(g, system, dt, iterations);
  std::map<Expr, Expr> after;
  for (size_t i = 0; i < names.size(); ++i) after[system.x[i]] = y[i];
  for (auto& [name, e] : values_) e = g.substitute(e, after);
  for (size_t i = 0; i < names.size(); ++i) values_[names[i]] = y[i];
  if (entering.empty()) return;
  for (auto& [name, e] : values_) e = g.substitute(e, entering);
  for (const auto& [name, line] : states_)
    if (const auto it = entering.find(varying_.at(name)); it != entering.end() && !values_.contains(name))
      values_[name] = it->second;
}

void Compiler::add_sums(const Solving& solving, const std::vector<std::string>& names, StateSystem& system) {
  std::set<size_t> taken;
  for (auto sum = solving.sums.rbegin(); sum != solving.sums.rend(); ++sum) {
    const auto& [members, surplus] = *sum;
    std::optional<size_t> replaced;
    for (auto member = members.rbegin(); !replaced && member != members.rend(); ++member) {
      const auto i = static_cast<size_t>(std::find(names.begin(), names.end(), *member) - names.begin());
      if (i < names.size() && taken.insert(i).second) replaced = i;
    }
    if (replaced) system.conserved.push_back({*replaced, surplus});  // else no reaction changes its states
  }
}

void Compiler::conserve(const Statement& s) {
  auto& g = m_.graph;
  std::vector<std::string> members;
  Expr sum = g.constant(0);
  for (const auto& [count, name] : s.left) {
    if (!states_.contains(name)) refuse(s.line, fmt::format("'{}' is not a STATE", name));
    members.push_back(name);
    sum = g.add(sum, g.multiply(g.constant(count), varying_.at(name)));
  }
  solving_->sums.push_back({members, g.subtract(sum, value(s.terms[0], 0))});
}

void Compiler::react(const Statement& s) {
  const Expr forward = value(s.terms[0], 0);
  if (s.name == "<<") {
    for (const auto& [count, name] : s.left)
      if (!states_.contains(name)) refuse(s.line, fmt::format("'{}' is not a STATE", name));
    return change(s.left, forward);
  }
  flow(forward, s.left, s.right, s.line);
  if (s.name == "<->") flow(value(s.terms[1], 0), s.right, s.left, s.line);
}

void Compiler::change(const Side& side, Expr flux) {
  auto& g = m_.graph;
  for (const auto& [count, name] : side) {
    auto& d = solving_->derivatives.try_emplace(name, g.constant(0)).first->second;
    d = g.add(d, g.multiply(g.constant(count), flux));
  }
}

void Compiler::flow(Expr rate, const Side& from, const Side& to, int line) {
  auto& g = m_.graph;
  double molecules = 0;
  Expr flux = rate;
  for (const auto& [count, name] : from) {
    if (!states_.contains(name)) refuse(line, fmt::format("'{}' is not a STATE", name));
    flux = g.multiply(flux, g.binary(Op::pow, varying_.at(name), g.constant(count)));
    molecules += count;
  }
  for (const auto& [count, name] : to)
    if (!states_.contains(name)) refuse(line, fmt::format("'{}' is not a STATE", name));
  change(from, g.unary(Op::negate, flux));
  change(to, flux);
  solving_->higher_order |= molecules > 1;
  if (molecules != 1) return;  // then all derivatives are taken
  const auto& source = from[0].second;
  for (const auto& [side, sign] : {std::pair(&from, -1.0), {&to, 1.0}})
    for (const auto& [count, name] : *side) {
      auto& slope = solving_->slopes.try_emplace({name, source}, g.constant(0)).first->second;
      slope = g.add(slope, g.multiply(g.constant(sign * count), rate));
    }
}

}  // namespace nt::mechanism
