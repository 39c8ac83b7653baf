#include <algorithm>
#include <set>

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

void Compiler::derivative(const Statement& s, int depth) {
  if (!states_.contains(s.name)) refuse(s.line, fmt::format("'{}' is not a STATE", s.name));
  if (locals_.size() > 1 || !solving_ || solving_->kind == Solving::Kind::reactions)
    refuse(s.line, "a derivative outside of DERIVATIVE");
  if (s.index) refuse(s.line, fmt::format("{}' of an array cannot be compiled here; use KINETIC", s.name));
  if (solving_->kind == Solving::Kind::exactly) return advance_exactly(s, depth);
  if (solving_->branches > 0)
    refuse(s.line, fmt::format("{}' under IF is possible with METHOD cnexp only", s.name));
  if (!solving_->derivatives.emplace(s.name, value(s.terms[0], depth)).second)
    refuse(s.line, fmt::format("a second equation for {}'", s.name));
}

void Compiler::solve(const Statement& s) {
  if (const auto* linear = file_.block("LINEAR", s.name)) return solve_linear(*linear, s);
  if (const auto* procedure = file_.block("PROCEDURE", s.name)) {
    if (s.steady_state) refuse(s.line, "STEADYSTATE solves a DERIVATIVE or KINETIC block, not a PROCEDURE");
    execute(procedure->body, 0);
    left_ = Left::no;
    return;
  }
  if (block_ == "INITIAL" && !s.steady_state)
    refuse(s.line, fmt::format("SOLVE {} in INITIAL without STEADYSTATE cannot be compiled here", s.name));
  const auto* block = file_.block("DERIVATIVE", s.name);
  const auto* kinetic = block ? nullptr : file_.block("KINETIC", s.name);
  if (!block && !kinetic)
    refuse(s.line, fmt::format("there is no DERIVATIVE, KINETIC, LINEAR or PROCEDURE '{}' to solve", s.name));
  if (kinetic && s.method != "sparse")
    refuse(s.line,
           fmt::format("METHOD '{}' of a KINETIC block cannot be compiled here; use sparse", s.method));
  static const std::set<std::string> kMethods{"", "cnexp", "derivimplicit", "euler", "runge", "sparse"};
  if (block && !kMethods.contains(s.method)) {
    refuse(
        s.line,
        fmt::format("METHOD '{}' cannot be compiled here; use cnexp, derivimplicit, euler, runge or sparse",
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
    left_ = Left::no;
    solving_ = nullptr;
  } else if (s.method == "euler") {
    explicit_step(body);
  } else if (s.method == "runge" || s.method.empty()) {
    runge_step(body);
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
  left_ = Left::no;
  solving_ = nullptr;
  Values next;
  for (const auto& [name, f] : solving.derivatives)
    next[name] = g.add(read(name, 0), g.multiply(fixed_.at("dt"), f));
  for (const auto& [name, e] : next) values_[name] = e;
}

void Compiler::runge_step(const std::vector<Statement>& body) {
  auto& g = m_.graph;
  Solving solving{Solving::Kind::derivatives};
  solving_ = &solving;
  execute(body, 0);
  left_ = Left::no;
  solving_ = nullptr;
  const auto& f = solving.derivatives;
  const Expr dt = fixed_.at("dt");
  const auto after = [&](double steps, const Values& slopes) {  // states so many steps on
    std::map<Expr, Expr> at;
    for (const auto& [name, k] : slopes) {
      const Expr x = varying_.at(name);
      at[x] = g.add(x, g.multiply(g.multiply(g.constant(steps), dt), k));
    }
    return at;
  };
  std::vector<Values> k{f};
  for (const double steps : {0.5, 0.5, 1.0}) {
    const auto at = after(steps, k.back());
    Values next;
    for (const auto& [name, e] : f) next[name] = g.substitute(e, at);
    k.push_back(next);
  }
  for (const auto& [name, e] : f) {
    const Expr sum = g.add(g.add(k[0].at(name), k[3].at(name)),
                           g.multiply(g.constant(2), g.add(k[1].at(name), k[2].at(name))));
    values_[name] = g.add(read(name, 0), g.multiply(g.multiply(g.constant(1.0 / 6), dt), sum));
  }
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
  left_ = Left::no;
  solving_ = nullptr;
  take_diffusion(solving);
  divide_by_volumes(solving);
  StateSystem system;
  std::vector<std::string> names;
  for (const auto& [name, f] : solving.derivatives) {
    names.push_back(name);
    system.x.push_back(varying_.at(name));
    system.f.push_back(f);
  }
  const bool many = names.size() > kMostWrittenOut;
  if (names.size() > kMostCoupled)
    refuse(s.line,
           fmt::format("{} coupled states; at most {} can be compiled here", names.size(), kMostCoupled));
  if (many && names.size() * g.size() > kMostDerivatives)
    refuse(s.line,
           fmt::format(
               "{} coupled states, whose equations are too long to be compiled here; have fewer, for example "
               "fewer shells",
               names.size()));
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
  const auto looped_at = many && !once ? fmt::format("{}:{}", file_.path, s.line) : std::string();
  const bool exactly = kinetics_ == Kinetics::exact && !system.slopes.empty() && !s.steady_state;
  if (exactly && names.size() > kMostExact)
    refuse(s.line,
           fmt::format("{} coupled states; at most {} can be stepped exactly: leave kinetics = \"exact\" out",
                       names.size(), kMostExact));
  const auto y =
      exactly ? exponential_step(g, system, dt) : backward_euler_step(g, system, dt, iterations, looped_at);
  if (y.empty() && !names.empty())
    refuse(s.line, fmt::format("{} states are coupled too closely to be compiled here", names.size()));
  std::map<Expr, Expr> after;
  for (size_t i = 0; i < names.size(); ++i) after[system.x[i]] = y[i];
  const auto replace_all = [&](const std::map<Expr, Expr>& replaced) {
    std::vector<Expr> all;
    for (const auto& [name, e] : values_) all.push_back(e);
    all = g.substitute(all, replaced);
    for (auto it = all.begin(); auto& [name, e] : values_) e = *it++;
  };
  replace_all(after);
  for (size_t i = 0; i < names.size(); ++i) values_[names[i]] = y[i];
  if (entering.empty()) return;
  replace_all(entering);
  for (const auto& [name, line] : states_)
    if (const auto it = entering.find(varying_.at(name)); it != entering.end() && !values_.contains(name))
      values_[name] = it->second;
}

}  // namespace nt::mechanism
