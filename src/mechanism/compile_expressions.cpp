#include <numbers>
#include <set>

#include "mechanism/detail/compiler.hpp"

namespace nt::mechanism {
namespace {

constexpr double kGas = 8.31446261815324, kFaraday = 96485.33212331001;  // J/(mol K), C/mol: as in NEURON

/// The angle whose tangent is x, to 2e-16 of its size: a rational function of degree 4 over 5 after two
/// reductions (coefficients: Moshier 1989, Methods and Programs for Mathematical Functions, Cephes).
Expr arc_tangent(Graph& g, Expr x) {
  const auto c = [&](double value) { return g.constant(value); };
  const auto below = [&](Expr a, Expr b) { return g.binary(Op::less, a, b); };
  const Expr size = g.unary(Op::fabs, x), one = c(1);
  const Expr large = below(c(1 + std::numbers::sqrt2), size), middle = below(c(0.66), size);
  const Expr nearer = g.divide(g.subtract(size, one), g.add(size, one));
  const Expr reduced =
      g.select(large, g.divide(c(-1), g.select(large, size, one)), g.select(middle, nearer, size));
  const Expr start =
      g.select(large, c(std::numbers::pi / 2), g.select(middle, c(std::numbers::pi / 4), c(0)));
  const Expr z = g.multiply(reduced, reduced);
  Expr above = c(-8.750608600031904122785e-1), under = g.add(z, c(2.485846490142306297962e1));
  for (const double k : {-1.615753718733365076637e1, -7.500855792314704667340e1, -1.228866684490136173410e2,
                         -6.485021904942025371773e1})
    above = g.add(g.multiply(above, z), c(k));
  for (const double k : {1.650270098316988542046e2, 4.328810604912902668951e2, 4.853903996359136964868e2,
                         1.945506571482613964425e2})
    under = g.add(g.multiply(under, z), c(k));
  const Expr rest = g.add(reduced, g.multiply(reduced, g.divide(g.multiply(z, above), under)));
  const Expr angle = g.add(start, rest);
  return g.select(below(x, c(0)), g.unary(Op::negate, angle), angle);
}

/// The angle of the point (x, y), from -pi to pi.
Expr arc_tangent_of_point(Graph& g, Expr y, Expr x) {
  const Expr zero = g.constant(0), upright = g.binary(Op::equal, x, zero);
  const Expr half_turn =
      g.select(g.binary(Op::less, y, zero), g.constant(-std::numbers::pi), g.constant(std::numbers::pi));
  const Expr angle = arc_tangent(g, g.divide(y, g.select(upright, g.constant(1), x)));
  const Expr beside = g.select(g.binary(Op::less, x, zero), g.add(angle, half_turn), angle);
  const Expr on_axis = g.select(g.binary(Op::equal, y, zero), zero, g.multiply(g.constant(0.5), half_turn));
  return g.select(upright, on_axis, beside);
}

/// asin and acos of x; as in C no number beyond -1 and 1.
Expr arc_of(Graph& g, bool sine, Expr x) {
  const Expr one = g.constant(1), less = g.unary(Op::sqrt, g.subtract(one, x)),
             more = g.unary(Op::sqrt, g.add(one, x));
  if (sine) return arc_tangent_of_point(g, x, g.multiply(less, more));
  return g.multiply(g.constant(2), arc_tangent_of_point(g, less, more));
}

/// Functions of NEURON's scopmath that nothing here computes.
bool is_of_scopmath(std::string_view name) {
  static const std::set<std::string_view> all{
      "threshold", "force",       "deflate",   "expfit",     "derivs",   "spline",
      "hyperbol",  "revhyperbol", "sigmoid",   "revsigmoid", "harmonic", "squarewave",
      "sawtooth",  "revsawtooth", "ramp",      "pulse",      "perpulse", "step",
      "perstep",   "erf",         "factorial", "gauss",      "poisson",  "boundary",
      "romberg",   "legendre",    "invert",    "stepforce",  "schedule", "first_time"};
  return all.contains(name);
}

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
  if (t.text == "atan" || t.text == "asin" || t.text == "acos") {
    arguments(1);
    const Expr x = value(t.parts[0], depth);
    return t.text == "atan" ? arc_tangent(g, x) : arc_of(g, t.text == "asin", x);
  }
  if (t.text == "atan2") {
    arguments(2);
    const Expr y = value(t.parts[0], depth), x = value(t.parts[1], depth);
    return arc_tangent_of_point(g, y, x);
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
  if (it == functions().end() && is_of_scopmath(t.text))
    refuse(t.line,
           fmt::format("{} of NEURON's scopmath is not known here; write its formula as a FUNCTION", t.text));
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
