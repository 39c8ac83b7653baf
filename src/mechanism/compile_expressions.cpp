#include "mechanism/detail/compiler.hpp"

namespace nt::mechanism {
namespace {

constexpr double kGas = 8.31446261815324, kFaraday = 96485.33212331001;  // J/(mol K), C/mol: as in NEURON

}  // namespace

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
    case Term::Kind::element:
      return read_element(t, depth);
    case Term::Kind::text:
      refuse(t.line, fmt::format("\"{}\" is text where a number is expected", t.text));
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
  if (t.text == "at_time") {  // NEURON's, in a fixed step: the time has come since the step before
    arguments(1);
    const Expr at = g.subtract(value(t.parts[0], depth), g.constant(1e-11)), now = varying_.at("t");
    return g.binary(Op::both, g.binary(Op::less_equal, at, now),
                    g.binary(Op::less, g.subtract(now, fixed_.at("dt")), at));
  }
  if (t.text == "nrn_ghk") return goldman_current(t, depth);
  if (t.text == "fmod") {
    arguments(2);
    const Expr a = value(t.parts[0], depth), b = value(t.parts[1], depth), quotient = g.divide(a, b);
    const Expr whole = g.select(g.binary(Op::less, quotient, g.constant(0)), g.unary(Op::ceil, quotient),
                                g.unary(Op::floor, quotient));
    return g.subtract(a, g.multiply(b, whole));
  }
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
  if (it == functions().end() && file_.block("FUNCTION_TABLE", t.text))
    return call(t.text, t.parts, t.line, depth);
  if (const auto drawn = random_call(t.text, t.parts, t.line, depth)) return *drawn;
  if (it == functions().end()) refuse(t.line, fmt::format("there is no function '{}'", t.text));
  arguments(1);
  if (t.text == "abs") {
    note(t.line,
         "abs is C's, of whole numbers: as in NEURON 8, what stands after the point is dropped; fabs keeps "
         "it");
    return g.unary(Op::fabs, whole(value(t.parts[0], depth)));
  }
  return g.unary(it->second, value(t.parts[0], depth));
}

/// nrn_ghk(v, inside, outside, valence): Goldman's, Hodgkin's and Katz' current in mA/cm2 per cm/s, as in
/// NEURON's nrnoc/eion.cpp.
Expr Compiler::goldman_current(const Term& t, int depth) {
  auto& g = m_.graph;
  if (t.parts.size() != 4) refuse(t.line, fmt::format("nrn_ghk takes 4 arguments, not {}", t.parts.size()));
  std::vector<Expr> a;
  for (const auto& part : t.parts) a.push_back(value(part, depth));
  const auto c = [&](double x) { return g.constant(x); };
  const Expr kelvin = g.add(fixed_.at("celsius"), c(273.15));
  const Expr x = g.divide(g.multiply(a[3], a[0]), g.multiply(c(1000 * kGas / kFaraday), kelvin));
  const auto fraction = [&](Expr y) {  // y / (exp(y) - 1)
    return g.select(g.binary(Op::less, g.unary(Op::fabs, y), c(1e-4)),
                    g.subtract(c(1), g.multiply(c(0.5), y)),
                    g.divide(y, g.subtract(g.unary(Op::exp, y), c(1))));
  };
  const Expr out = g.multiply(a[2], fraction(x)), in = g.multiply(a[1], fraction(g.unary(Op::negate, x)));
  return g.multiply(g.multiply(c(0.001 * kFaraday), a[3]), g.subtract(in, out));
}

}  // namespace nt::mechanism
