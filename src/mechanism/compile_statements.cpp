#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "config/nearest_word.hpp"
#include "config/settings.hpp"
#include "mechanism/detail/compiler.hpp"

namespace nt::mechanism {

void Compiler::execute(const std::vector<Statement>& statements, int depth) {
  Values hidden;  // of names that a LOCAL of these statements hides
  std::vector<std::string> own;
  const auto declare = [&](const Statement& s) {
    for (const auto& name : s.names) {
      auto& locals = locals_.back();
      if (const auto it = locals.find(name); it != locals.end()) hidden.insert(*it);
      own.push_back(name);
      locals[name] = m_.graph.constant(0);
    }
  };
  for (auto s = statements.begin(); s != statements.end() && left_ != Left::yes; ++s) {
    if (left_ == Left::perhaps)
      refuse(s->line, "what follows a return under IF cannot be compiled here; put it under ELSE");
    if (s->kind == Statement::Kind::local) {
      declare(*s);
    } else if (s->kind == Statement::Kind::branch && s + 1 != statements.end() && ends_with_return(s->then)) {
      auto all = *s;  // IF (...) { return } the rest: the rest is under ELSE
      all.otherwise.insert(all.otherwise.end(), s + 1, statements.end());
      execute(all, depth);
      left_ = Left::no;
      break;
    } else {
      execute(*s, depth);
    }
  }
  for (const auto& name : own) {
    const auto it = hidden.find(name);
    if (it == hidden.end())
      locals_.back().erase(name);
    else
      locals_.back()[name] = it->second;
  }
}

void Compiler::execute(const Statement& s, int depth) {
  if (++steps_ > kMostSteps) refuse(s.line, "functions call each other too many times to be compiled");
  static constexpr std::array kAlone{
      Statement::Kind::solve,    Statement::Kind::reaction,   Statement::Kind::compartment,
      Statement::Kind::conserve, Statement::Kind::diffusion,  Statement::Kind::equation,
      Statement::Kind::watch,    Statement::Kind::derivative, Statement::Kind::initial};
  if (std::find(kAlone.begin(), kAlone.end(), s.kind) != kAlone.end())
    refuse_in_loop(s.line, "a reaction, an equation, SOLVE or WATCH");
  switch (s.kind) {
    case Statement::Kind::assign:
      return assign(s, value(s.terms[0], depth), depth);
    case Statement::Kind::call:
      if (!call_of_neuron(s, depth)) call(s.name, s.terms, s.line, depth);
      return;
    case Statement::Kind::local:
      return;
    case Statement::Kind::branch:
      return branch(s, depth);
    case Statement::Kind::from:
      return loop_from(s, depth);
    case Statement::Kind::repeat:
      return loop_while(s, depth);
    case Statement::Kind::verbatim:
      return verbatim(s);
    case Statement::Kind::solve:
      if (locals_.size() > 1 && block_ != "INITIAL")
        refuse(s.line,
               fmt::format("SOLVE {} inside a FUNCTION or PROCEDURE cannot be compiled here", s.name));
      if (block_ == "INITIAL") solve(s);  // elsewhere the states have their own moment
      return;
    case Statement::Kind::table:
      if (tables_ == Tables::exact)
        note(
            s.line,
            "TABLE is not used: every value is that of its formula. NEURON takes a straight line between two "
            "entries of the table; tables = \"as NEURON\" in the cell's description does the same");
      return;
    case Statement::Kind::watch:
    case Statement::Kind::initial:
      return receive_statement(s, depth);
    case Statement::Kind::reaction:
    case Statement::Kind::compartment:
    case Statement::Kind::diffusion:
    case Statement::Kind::conserve:
      return kinetic_statement(s, depth);
    case Statement::Kind::equation:
      return linear_equation(s, depth);
    case Statement::Kind::derivative:
      return derivative(s, depth);
  }
}

void Compiler::note(int line, const std::string& what) {
  const auto note = fmt::format("{}:{}: {}", file_.path, line, what);
  if (std::find(m_.notes.begin(), m_.notes.end(), note) == m_.notes.end()) m_.notes.push_back(note);
}

bool Compiler::call_of_neuron(const Statement& s, int depth) {
  if (file_.block("PROCEDURE", s.name) || file_.block("FUNCTION", s.name)) return false;
  if (functions().contains(s.name)) return true;
  if (s.name == "at_time") return true;  // tells a variable step of a jump; all steps are fixed here
  if (s.name == "printf" || s.name == "fprintf" || s.name == "prints") {
    note(s.line, s.name + " does nothing here");
    return true;
  }
  if (random_call(s.name, s.terms, s.line, depth)) return true;
  if (s.name == "state_discontinuity") {
    if (s.terms.size() != 2 ||
        (s.terms[0].kind != Term::Kind::name && s.terms[0].kind != Term::Kind::element))
      refuse(s.line, "state_discontinuity expects a state and its new value");
    Statement assignment = s;
    assignment.name = s.terms[0].text;
    if (s.terms[0].kind == Term::Kind::element) assignment.index = s.terms[0].parts[0];
    assign(assignment, value(s.terms[1], depth), depth);
    return true;
  }
  return event_call(s, depth);
}

void Compiler::assign(const std::string& name, int line, Expr value) {
  auto& locals = locals_.back();
  if (const auto it = locals.find(name); it != locals.end()) {
    it->second = value;
    return;
  }
  if (!known(name)) refuse(line, unknown(name));
  if (constants_.contains(name) || std::find(kGiven.begin(), kGiven.end(), name) != kGiven.end())
    refuse(line, fmt::format("'{}' cannot be assigned: it is {}", name,
                             constants_.contains(name) ? "a constant" : "given from outside"));
  if (solving_ && solving_->kind == Solving::Kind::derivatives && states_.contains(name))
    refuse(line,
           fmt::format("state '{}' is assigned in the block that solves it, which cannot be compiled here",
                       name));
  values_[name] = value;
}

std::string Compiler::unknown(const std::string& name) const {
  std::vector<std::string> names;
  for (const auto& [n, e] : fixed_) names.push_back(n);
  for (const auto& [n, e] : varying_) names.push_back(n);
  for (const auto& [n, e] : assigned_) names.push_back(n);
  for (const auto& b : file_.blocks) names.push_back(b.name);
  if (file_.generators.contains(name))
    return fmt::format("'{}' is a generator of random numbers (RANDOM), not a variable", name);
  const auto near = config::nearest_word(name, names);
  return fmt::format("'{}' is not declared{}", name, near ? fmt::format("; did you mean '{}'?", *near) : "");
}

void Compiler::branch(const Statement& s, int depth) {
  const Expr condition = value(s.terms[0], depth);
  if (m_.graph.node(condition).op == Op::constant)
    return execute(m_.graph.node(condition).value != 0 ? s.then : s.otherwise, depth);
  auto& g = m_.graph;
  const Expr path = path_;
  path_ = g.binary(Op::both, path, condition);
  const Values values = values_, locals = locals_.back();
  const Solving before_branch = solving_ ? *solving_ : Solving{};
  if (solving_) ++solving_->branches;
  execute(s.then, depth);
  const Left then_left = std::exchange(left_, Left::no);
  const Values then_values = values_, then_locals = locals_.back();
  const Solving then_solving = solving_ ? *solving_ : Solving{};
  values_ = values;
  locals_.back() = locals;
  if (solving_) {
    solving_->derivatives = before_branch.derivatives;
    solving_->slopes = before_branch.slopes;
  }
  path_ = g.binary(Op::both, path, g.unary(Op::nay, condition));
  execute(s.otherwise, depth);
  path_ = path;
  if (then_left != left_) left_ = Left::perhaps;
  const auto merge = [&](const Values& then, Values& now, bool variables) {
    for (const auto& [name, e] : then) {
      if (!now.contains(name)) {
        if (!variables) continue;
        now[name] = before(name, s.line);
      }
      now[name] = m_.graph.select(condition, e, now[name]);
    }
    for (auto& [name, e] : now) {
      if (variables && !then.contains(name)) e = m_.graph.select(condition, before(name, s.line), e);
    }
  };
  merge(then_values, values_, true);
  merge(then_locals, locals_.back(), false);
  if (!solving_) return;
  --solving_->branches;
  // Fluxes of reactions: none in a branch that has not the reaction.
  const auto merge_fluxes = [&](const auto& then, auto& now) {
    const auto flux = [&](const auto& of, const auto& key) {
      const auto it = of.find(key);
      return it == of.end() ? m_.graph.constant(0) : it->second;
    };
    const auto otherwise = now;
    for (const auto* part : {&then, &otherwise})
      for (const auto& [key, e] : *part)
        now[key] = m_.graph.select(condition, flux(then, key), flux(otherwise, key));
  };
  merge_fluxes(then_solving.derivatives, solving_->derivatives);
  merge_fluxes(then_solving.slopes, solving_->slopes);
}

Expr Compiler::before(const std::string& name, int line) {
  if (const auto pointer = file_.pointers.find(name); pointer != file_.pointers.end())
    refuse(line, fmt::format("'{}' is a POINTER or EXTERNAL (line {}): it stands for something outside the "
                             "mechanism, which cannot be compiled here; make it a PARAMETER",
                             name, pointer->second));
  if (file_.arrays.contains(name) && !locals_.back().contains(name))
    refuse(line, fmt::format("'{}' is an array; expected {}[INDEX]", name, name));
  if (name == "v" && block_ == "BREAKPOINT" && locals_.size() > 1 && !file_.conductances.empty() &&
      !solves_in_breakpoint())
    refuse(line,
           "v in a PROCEDURE or FUNCTION beside CONDUCTANCE: without SOLVE NEURON has the voltage of the "
           "start there; hand v over as an argument");
  if (watching_ && reads_with_current_alone(name)) {
    const auto read = name + kLastRead;
    if (!varying_.contains(read)) keep(read, line);
    return varying_.at(read);
  }
  if (const auto it = varying_.find(name); it != varying_.end()) return it->second;
  const auto fixed = fixed_.find(name);
  const bool assigned = !ion_variable(name) && set_somewhere(name);  // an ion's is read anew by each block
  if (fixed != fixed_.end() && (!assigned || block_ == "INITIAL")) return fixed->second;
  if (fixed == fixed_.end() && !assigned_.contains(name)) refuse(line, unknown(name));
  if (block_ == "INITIAL") return m_.graph.constant(0);
  if (const auto it = initial_.find(name);
      it != initial_.end() && !m_.graph.node(it->second).varying && !set_later(name)) {
    return it->second;  // computed once and for all
  }
  if (!initial_.contains(name) && !set_later(name)) return m_.graph.constant(0);
  keep(name, line);
  return varying_.at(name);
}

bool Compiler::solves_in_breakpoint() const {
  const auto* breakpoint = file_.block("BREAKPOINT");
  return breakpoint && std::any_of(breakpoint->body.begin(), breakpoint->body.end(),
                                   [](const Statement& s) { return s.kind == Statement::Kind::solve; });
}

bool Compiler::reads_with_current_alone(const std::string& name) const {
  const auto* ion = ion_variable(name);
  const bool concentration =
      ion && (ion->quantity == IonQuantity::inside_mM || ion->quantity == IonQuantity::outside_mM);
  return concentration && !ion->written && varying_.contains(name) && !current_names().empty() &&
         !solves_in_breakpoint();
}

void Compiler::read_concentrations() {
  for (const auto& ion : m_.ions)
    if (kept_.contains(ion.name + kLastRead)) values_[ion.name + kLastRead] = varying_.at(ion.name);
}

void Compiler::keep(const std::string& name, int line) {
  kept_.insert(name);
  const bool parameter = fixed_.contains(name);
  const auto stored = parameter || is_own_current(name) ? name + kNow : name;
  varying_[name] = m_.graph.symbol(stored, true);
  m_.stored.push_back(stored);
  stored_names_.push_back(name);
  const auto in = [&](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  if (in(file_.global) || (parameter && !in(file_.range)))
    m_.notes.push_back(fmt::format(
        "{}:{}: NEURON shares '{}' between all places, so that one reads what another has set; here each "
        "place has its own, as with RANGE {}",
        file_.path, line, name, name));
}

bool Compiler::set_in_some_block(const std::string& name, bool but_initial) const {
  for (const auto& block : file_.blocks) {
    if (but_initial && block.kind == "INITIAL") continue;
    const auto& arguments = block.arguments;
    const bool hidden = block.name == name ||
                        std::find(arguments.begin(), arguments.end(), name) != arguments.end() ||
                        std::any_of(block.body.begin(), block.body.end(), [&](const Statement& s) {
                          return s.kind == Statement::Kind::local &&
                                 std::find(s.names.begin(), s.names.end(), name) != s.names.end();
                        });
    if (!hidden && sets(block.body, name)) return true;
  }
  return false;
}

bool Compiler::sets(const std::vector<Statement>& statements, const std::string& name) {
  return std::any_of(statements.begin(), statements.end(), [&](const Statement& s) {
    const auto own = nmodl::array_of(name);
    const bool jumps = s.kind == Statement::Kind::call && s.name == "state_discontinuity" &&
                       !s.terms.empty() && s.terms[0].text == own;
    return jumps || (s.kind == Statement::Kind::assign && s.name == own) || sets(s.then, name) ||
           sets(s.otherwise, name);
  });
}

}  // namespace nt::mechanism
