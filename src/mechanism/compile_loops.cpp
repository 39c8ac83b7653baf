#include <algorithm>
#include <cmath>

#include "mechanism/detail/compiler.hpp"

// Loops: turn by turn where their number of turns is known when the file is compiled, else as a loop of the
// graph.
namespace nt::mechanism {

/// C's conversion to a whole number.
Expr Compiler::whole(Expr e) {
  auto& g = m_.graph;
  const auto n = g.node(e);
  if (n.op == Op::constant) return g.constant(std::trunc(n.value));
  return g.select(g.binary(Op::less, e, g.constant(0)), g.unary(Op::ceil, e), g.unary(Op::floor, e));
}

/// An expression of whole numbers, in a bound or an index: each variable loses what stands after its point,
/// and so does each quotient.
Expr Compiler::whole_value(const Term& t, int depth) {
  auto& g = m_.graph;
  if (t.kind == Term::Kind::negate) return g.unary(Op::negate, whole_value(t.parts[0], depth));
  const bool computes =
      t.kind == Term::Kind::binary && (t.text == "+" || t.text == "-" || t.text == "*" || t.text == "/");
  if (!computes) return whole(value(t, depth));
  const Expr a = whole_value(t.parts[0], depth), b = whole_value(t.parts[1], depth);
  if (t.text == "/") return whole(g.divide(a, b));
  return t.text == "+" ? g.add(a, b) : t.text == "-" ? g.subtract(a, b) : g.multiply(a, b);
}

void Compiler::count_turn(int line) const {
  if (left_ != Left::no) refuse(line, "a return out of a loop cannot be compiled here");
  if (steps_ > kMostSteps) refuse(line, "a loop with too many turns to be compiled");
}

/// NEURON's: the bounds are looked at in each turn, and a loop ends above its end whatever its step; it takes
/// no negative number as a step.
void Compiler::loop_from(const Statement& s, int depth) {
  auto& g = m_.graph;
  const auto bound = [&](size_t term) { return whole_value(s.terms[term], depth); };
  const bool backwards = s.terms[2].kind == Term::Kind::negate;
  const auto goes_on = [&](Expr i) {
    const Expr end = bound(1);
    return backwards ? g.binary(Op::less_equal, end, i) : g.binary(Op::less_equal, i, end);
  };
  const bool hides = locals_.back().contains(s.name);
  const Expr hidden = hides ? locals_.back().at(s.name) : -1;
  const auto body = [&] {
    const Expr i = locals_.back().at(s.name);
    execute(s.then, depth);
    const Expr step = bound(2);
    if (g.node(step).op == Op::constant && (g.node(step).value > 0) == backwards)
      refuse(s.line, fmt::format("FROM {} with steps of {} has no end", s.name, g.node(step).value));
    locals_.back()[s.name] = g.add(i, step);
  };
  locals_.back()[s.name] = bound(0);
  for (;; ++steps_) {
    const Expr on = goes_on(locals_.back().at(s.name));
    if (g.node(on).op != Op::constant) {
      turn(
          s.line, [&] { return goes_on(locals_.back().at(s.name)); }, body);
      break;
    }
    if (g.node(on).value == 0) break;
    body();
    count_turn(s.line);
  }
  if (hides)
    locals_.back()[s.name] = hidden;
  else
    locals_.back().erase(s.name);
}

void Compiler::loop_while(const Statement& s, int depth) {
  const auto condition = [&] { return value(s.terms[0], depth); };
  const auto body = [&] { execute(s.then, depth); };
  for (;; ++steps_) {
    const auto node = m_.graph.node(condition());
    if (node.op != Op::constant) return turn(s.line, condition, body);
    if (node.value == 0) return;
    body();
    count_turn(s.line);
  }
}

/// A loop of the graph. Its own symbols are the variables that the body changes: found by executing it until
/// no other is changed.
void Compiler::turn(int line, const std::function<Expr()>& condition, const std::function<void()>& body) {
  auto& g = m_.graph;
  const Values values = values_, locals = locals_.back();
  const Expr path = path_;
  Loop loop{{}, {}, {}, -1, fmt::format("{}:{}", file_.path, line)};
  std::set<std::pair<bool, std::string>> own;  // whether it is a LOCAL, its name
  const auto symbol = [&](bool local, const std::string& name) {
    return g.symbol(
        fmt::format("{}{} in the loop of line {}, {} deep", local ? "LOCAL " : "", name, line, loops_around_),
        true);
  };
  const auto find_changed = [&](bool local, const Values& before, const Values& now) {
    bool found = false;
    for (const auto& [name, e] : now) {
      const auto it = before.find(name);
      if (local && it == before.end()) continue;  // of a block inside
      if (it != before.end() && it->second == e) continue;
      found |= own.emplace(local, name).second;
    }
    return found;
  };
  ++loops_around_;
  for (;;) {
    values_ = values;
    locals_.back() = locals;
    for (const auto& [local, name] : own) (local ? locals_.back() : values_)[name] = symbol(local, name);
    const Expr on = condition();
    // Also under the conditions around it: where they do not hold, it might have no end.
    loop.condition = g.is_constant(path, 1) ? on : g.binary(Op::both, path, on);
    path_ = loop.condition;
    body();
    path_ = path;
    count_turn(line);
    const bool more_locals = find_changed(true, locals, locals_.back());
    if (!find_changed(false, values, values_) && !more_locals) break;
  }
  --loops_around_;
  for (const auto& [local, name] : own) {
    const auto& before_loop = local ? locals : values;
    const auto it = before_loop.find(name);
    ++loops_around_;
    loop.own.push_back(symbol(local, name));
    --loops_around_;
    loop.initial.push_back(it != before_loop.end() ? it->second : before(name, line));
    loop.next.push_back((local ? locals_.back() : values_).at(name));
  }
  values_ = values;
  locals_.back() = locals;
  if (own.empty()) {  // nothing changes: it never turns, or has no end
    loop.own.push_back(g.symbol(fmt::format("nothing in the loop of line {}", line), true));
    loop.initial.push_back(g.constant(0));
    loop.next.push_back(g.constant(0));
  }
  const auto ends = g.repeat(loop);
  for (size_t k = 0; const auto& [local, name] : own) (local ? locals_.back() : values_)[name] = ends[k++];
}

void Compiler::refuse_in_loop(int line, const std::string& what) const {
  if (loops_around_ > 0)
    refuse(line,
           fmt::format("{} in a loop whose number of turns depends on the simulation cannot be compiled "
                       "here; give the loop fixed bounds, with IF inside",
                       what));
}

}  // namespace nt::mechanism
