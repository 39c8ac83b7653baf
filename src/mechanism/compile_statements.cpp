#include <algorithm>

#include "config/settings.hpp"
#include "mechanism/detail/compiler.hpp"

namespace nt::mechanism {

void Compiler::execute(const std::vector<Statement>& statements, int depth) {
  for (const auto& s : statements) execute(s, depth);
}

void Compiler::execute(const Statement& s, int depth) {
  if (++steps_ > kMostSteps) refuse(s.line, "functions call each other too many times to be compiled");
  switch (s.kind) {
    case Statement::Kind::assign:
      return assign(s, value(s.terms[0], depth));
    case Statement::Kind::call:
      if (functions().contains(s.name)) return;
      if (s.name == "at_time") return;  // tells a variable step of a jump; all steps are fixed here
      if (s.name == "state_discontinuity" || s.name == "net_send" || s.name == "net_event" ||
          s.name == "net_move")
        refuse(s.line, s.name + " cannot be compiled here");
      call(s.name, s.terms, s.line, depth);
      return;
    case Statement::Kind::local:
      for (const auto& name : s.names) locals_.back()[name] = m_.graph.constant(0);
      return;
    case Statement::Kind::branch:
      return branch(s, depth);
    case Statement::Kind::solve:
      if (block_ != "INITIAL") return;  // the states have their own moment
      if (!s.steady_state)
        refuse(s.line,
               fmt::format("SOLVE {} in INITIAL without STEADYSTATE cannot be compiled here", s.name));
      return solve(s);
    case Statement::Kind::table:
      if (tables_ == Tables::exact) note_table(s);
      return;
    case Statement::Kind::reaction:
      if (!solving_ || solving_->kind != Solving::Kind::reactions || locals_.size() > 1)
        refuse(s.line, "a reaction outside of a KINETIC block");
      return react(s);
    case Statement::Kind::conserve:
      if (!solving_ || solving_->kind != Solving::Kind::reactions || locals_.size() > 1 ||
          solving_->branches > 0)
        refuse(s.line, "CONSERVE belongs into a KINETIC block, not under IF");
      return conserve(s);
    case Statement::Kind::derivative:
      break;
  }
  if (!states_.contains(s.name)) refuse(s.line, fmt::format("'{}' is not a STATE", s.name));
  if (locals_.size() > 1 || !solving_ || solving_->kind == Solving::Kind::reactions)
    refuse(s.line, "a derivative outside of DERIVATIVE");
  if (solving_->kind == Solving::Kind::exactly) return advance_exactly(s, depth);
  if (solving_->branches > 0)
    refuse(s.line, fmt::format("{}' under IF is possible with METHOD cnexp only", s.name));
  if (!solving_->derivatives.emplace(s.name, value(s.terms[0], depth)).second)
    refuse(s.line, fmt::format("a second equation for {}'", s.name));
}

void Compiler::note_table(const Statement& s) {
  const auto note = fmt::format(
      "{}:{}: TABLE is not used: every value is that of its formula. NEURON takes a straight line between "
      "two entries of "
      "the table; tables = \"as NEURON\" in the cell's description does the same",
      file_.path, s.line);
  if (std::find(m_.notes.begin(), m_.notes.end(), note) == m_.notes.end()) m_.notes.push_back(note);
}

void Compiler::assign(const Statement& s, Expr value) {
  auto& locals = locals_.back();
  if (const auto it = locals.find(s.name); it != locals.end()) {
    it->second = value;
    return;
  }
  if (!known(s.name)) refuse(s.line, unknown(s.name));
  if (constants_.contains(s.name) || std::find(kGiven.begin(), kGiven.end(), s.name) != kGiven.end())
    refuse(s.line, fmt::format("'{}' cannot be assigned: it is {}", s.name,
                               constants_.contains(s.name) ? "a constant" : "given from outside"));
  if (solving_ && solving_->kind != Solving::Kind::exactly && states_.contains(s.name))
    refuse(s.line,
           fmt::format("state '{}' is assigned in the block that solves it, which cannot be compiled here",
                       s.name));
  values_[s.name] = value;
}

std::string Compiler::unknown(const std::string& name) const {
  std::vector<std::string> names;
  for (const auto& [n, e] : fixed_) names.push_back(n);
  for (const auto& [n, e] : varying_) names.push_back(n);
  for (const auto& [n, e] : assigned_) names.push_back(n);
  for (const auto& b : file_.blocks) names.push_back(b.name);
  const auto near = config::nearest_word(name, names);
  return fmt::format("'{}' is not declared{}", name, near ? fmt::format("; did you mean '{}'?", *near) : "");
}

void Compiler::branch(const Statement& s, int depth) {
  const Expr condition = value(s.terms[0], depth);
  const Values values = values_, locals = locals_.back();
  const Solving before_branch = solving_ ? *solving_ : Solving{};
  if (solving_) ++solving_->branches;
  execute(s.then, depth);
  const Values then_values = values_, then_locals = locals_.back();
  const Solving then_solving = solving_ ? *solving_ : Solving{};
  values_ = values;
  locals_.back() = locals;
  if (solving_) {
    solving_->derivatives = before_branch.derivatives;
    solving_->slopes = before_branch.slopes;
  }
  execute(s.otherwise, depth);
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

void Compiler::keep(const std::string& name, int line) {
  kept_.insert(name);
  const bool parameter = fixed_.contains(name);
  const auto stored = parameter ? name + " now" : name;
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
    return (s.kind == Statement::Kind::assign && s.name == name) || sets(s.then, name) ||
           sets(s.otherwise, name);
  });
}

}  // namespace nt::mechanism
