#include <algorithm>
#include <cmath>

#include "mechanism/detail/compiler.hpp"

namespace nt::mechanism {
namespace {

/// An index that varies is looked for among all elements: more than so many would be no kernel any more.
constexpr int kMostChoices = 256;

}  // namespace

int Compiler::elements_of(const std::string& array) const {
  int n = 0;  // a LOCAL one hides the file's
  while (!locals_.empty() && locals_.back().contains(nmodl::element_name(array, n))) ++n;
  if (n > 0) return n;
  const auto it = file_.arrays.find(array);
  return it == file_.arrays.end() ? 0 : it->second;
}

std::optional<std::string> Compiler::element(const std::string& array, Expr index, int line) const {
  const int n = elements_of(array);
  if (n == 0) refuse(line, fmt::format("'{}' is no array", array));
  const auto& node = m_.graph.node(index);
  if (node.op != Op::constant) {
    if (n > kMostChoices)
      refuse(line, fmt::format("an element of '{}' whose number changes during a simulation: of an array of "
                               "{} elements; at most {} can be compiled here",
                               array, n, kMostChoices));
    return {};
  }
  const double i = std::trunc(node.value);  // C's conversion to a whole number
  if (!(i >= 0 && i < n))
    refuse(line, fmt::format("'{}[{}]': there are {} elements, counted from 0", array, i, n));
  return nmodl::element_name(array, static_cast<int>(i));
}

Expr Compiler::read_element(const Term& t, int depth) {
  auto& g = m_.graph;
  const Expr index = value(t.parts[0], depth);
  if (const auto name = element(t.text, index, t.line)) return read(*name, t.line);
  const Expr whole = g.unary(Op::floor, index);
  const int n = elements_of(t.text);
  Expr chosen = read(nmodl::element_name(t.text, 0), t.line);
  for (int i = 1; i < n; ++i)
    chosen = g.select(g.binary(Op::equal, whole, g.constant(i)), read(nmodl::element_name(t.text, i), t.line),
                      chosen);
  return chosen;
}

void Compiler::assign(const Statement& s, Expr value, int depth) {
  if (!s.index) {
    if (elements_of(s.name) > 0)
      refuse(s.line, fmt::format("'{}' is an array; expected {}[INDEX] = ...", s.name, s.name));
    return assign(s.name, s.line, value);
  }
  auto& g = m_.graph;
  const Expr index = this->value(*s.index, depth);
  if (const auto name = element(s.name, index, s.line)) return assign(*name, s.line, value);
  const Expr whole = g.unary(Op::floor, index);
  for (int i = 0, n = elements_of(s.name); i < n; ++i) {
    const auto name = nmodl::element_name(s.name, i);
    assign(name, s.line, g.select(g.binary(Op::equal, whole, g.constant(i)), value, read(name, s.line)));
  }
}

void Compiler::loop_from(const Statement& s, int depth) {
  const auto bound = [&](size_t term, const char* what) {
    const auto node = m_.graph.node(value(s.terms[term], depth));
    if (node.op != Op::constant)
      refuse(s.line, fmt::format("FROM {}: {} has to be known when the file is compiled; use a number or a "
                                 "name of DEFINE",
                                 s.name, what));
    return std::trunc(node.value);
  };
  const double from = bound(0, "its start"), to = bound(1, "its end"), by = bound(2, "its step");
  if (by == 0) refuse(s.line, fmt::format("FROM {} with steps of 0 has no end", s.name));
  const bool hides = locals_.back().contains(s.name);
  const Expr hidden = hides ? locals_.back().at(s.name) : -1;
  for (double i = from; by > 0 ? i <= to : i >= to; i += by) {
    locals_.back()[s.name] = m_.graph.constant(i);
    execute(s.then, depth);
    if (left_ != Left::no) refuse(s.line, "a return out of a loop cannot be compiled here");
    if (++steps_ > kMostSteps) refuse(s.line, "a loop with too many turns to be compiled");
  }
  if (hides)
    locals_.back()[s.name] = hidden;
  else
    locals_.back().erase(s.name);
}

void Compiler::loop_while(const Statement& s, int depth) {
  for (;;) {
    const auto node = m_.graph.node(value(s.terms[0], depth));
    if (node.op != Op::constant)
      refuse(s.line,
             "WHILE: how often it turns depends on what is known only during a simulation, which cannot be "
             "compiled here; use FROM with fixed bounds and IF");
    if (node.value == 0) return;
    execute(s.then, depth);
    if (left_ != Left::no) refuse(s.line, "a return out of a loop cannot be compiled here");
    if (++steps_ > kMostSteps) refuse(s.line, "a loop with too many turns to be compiled");
  }
}

}  // namespace nt::mechanism
