#include "mechanism/detail/compiler.hpp"

namespace nt::mechanism {

const std::map<std::string, Op, std::less<>>& functions() {
  static const std::map<std::string, Op, std::less<>> all{
      {"exp", Op::exp},   {"log", Op::log},   {"log10", Op::log10}, {"sqrt", Op::sqrt},
      {"fabs", Op::fabs}, {"abs", Op::fabs},  {"sin", Op::sin},     {"cos", Op::cos},
      {"tan", Op::tan},   {"tanh", Op::tanh}, {"floor", Op::floor}, {"ceil", Op::ceil}};
  return all;
}

Expr Compiler::value(const Term& t, int depth) {
  if (++steps_ > kMostSteps) refuse(t.line, "functions call each other too many times to be compiled");
  auto& g = m_.graph;
  switch (t.kind) {
    case Term::Kind::number:
      return g.constant(t.number);
    case Term::Kind::name:
      return read(t.text, t.line);
    case Term::Kind::negate:
      return g.unary(Op::negate, value(t.parts[0], depth));
    case Term::Kind::nay:
      return g.unary(Op::nay, value(t.parts[0], depth));
    case Term::Kind::call:
      return function(t, depth);
    case Term::Kind::binary:
      break;
  }
  const Expr a = value(t.parts[0], depth), b = value(t.parts[1], depth);
  const auto& op = t.text;
  if (op == "+") return g.add(a, b);
  if (op == "-") return g.subtract(a, b);
  if (op == "*") return g.multiply(a, b);
  if (op == "/") return g.divide(a, b);
  if (op == "^") return g.binary(Op::pow, a, b);
  if (op == "<") return g.binary(Op::less, a, b);
  if (op == ">") return g.binary(Op::less, b, a);
  if (op == "<=") return g.binary(Op::less_equal, a, b);
  if (op == ">=") return g.binary(Op::less_equal, b, a);
  if (op == "==") return g.binary(Op::equal, a, b);
  if (op == "!=") return g.unary(Op::nay, g.binary(Op::equal, a, b));
  if (op == "&&") return g.binary(Op::both, a, b);
  return g.binary(Op::either, a, b);
}

Expr Compiler::read(const std::string& name, int line) {
  if (locals_.size() == 1 && name == named_.first) return named_.second;
  const auto& locals = locals_.back();
  if (const auto it = locals.find(name); it != locals.end()) return it->second;
  if (const auto it = values_.find(name); it != values_.end()) return it->second;
  return before(name, line);
}

Expr Compiler::function(const Term& t, int depth) {
  auto& g = m_.graph;
  if (file_.block("FUNCTION", t.text) || file_.block("PROCEDURE", t.text))
    return call(t.text, t.parts, t.line, depth);
  const auto arguments = [&](size_t n) {
    if (t.parts.size() != n)
      refuse(t.line,
             fmt::format("{} takes {} argument{}, not {}", t.text, n, n == 1 ? "" : "s", t.parts.size()));
  };
  if (t.text == "pow") {
    arguments(2);
    return g.binary(Op::pow, value(t.parts[0], depth), value(t.parts[1], depth));
  }
  if (t.text == "fmin" || t.text == "fmax") {
    arguments(2);
    const Expr a = value(t.parts[0], depth), b = value(t.parts[1], depth);
    return t.text == "fmin" ? g.select(g.binary(Op::less, a, b), a, b)
                            : g.select(g.binary(Op::less, a, b), b, a);
  }
  if (t.text == "sinh" || t.text == "cosh") {
    arguments(1);
    const Expr e = g.unary(Op::exp, value(t.parts[0], depth)), inverse = g.divide(g.constant(1), e);
    return g.multiply(g.constant(0.5), t.text == "cosh" ? g.add(e, inverse) : g.subtract(e, inverse));
  }
  const auto it = functions().find(t.text);
  if (it == functions().end()) refuse(t.line, fmt::format("there is no function '{}'", t.text));
  arguments(1);
  return g.unary(it->second, value(t.parts[0], depth));
}

}  // namespace nt::mechanism
