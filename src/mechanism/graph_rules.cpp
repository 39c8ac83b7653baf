#include "mechanism/detail/graph_rules.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace nt::mechanism::rules {
namespace {

bool fixed(const Graph& g, Expr e) {
  return !g.node(e).varying;
}

bool is(const Graph& g, Expr e, Op op) {
  return g.node(e).op == op;
}

/// Whether `e` is such an operation of something varying and, second, something fixed.
bool is_varying_with_fixed(const Graph& g, Expr e, Op op) {
  const auto& n = g.node(e);
  return n.op == op && fixed(g, n.b) && !fixed(g, n.a);
}

/// Both are fixed, or neither is.
bool alike(const Graph& g, Expr a, Expr b) {
  return fixed(g, a) == fixed(g, b);
}

/// The factors of a product, signs and constants among them.
std::vector<Expr> factors_of(const Graph& g, Expr e) {
  std::vector<Expr> factors, open{e};
  while (!open.empty()) {
    const Expr next = open.back();
    open.pop_back();
    if (is(g, next, Op::multiply)) {
      open.insert(open.end(), {g.node(next).a, g.node(next).b});
    } else {
      factors.push_back(next);
    }
  }
  return factors;
}

Expr product_of(Graph& g, const std::vector<Expr>& factors) {
  Expr all = g.constant(1);
  for (const Expr factor : factors) all = g.multiply(all, factor);
  return all;
}

}  // namespace

// Copies of nodes are taken where building follows: it adds nodes, and references to them do not last.

Rewritten add_zero(Graph& g, Expr a, Expr b) {
  if (g.is_constant(a, 0)) return b;
  if (g.is_constant(b, 0)) return a;
  return {};
}

Rewritten add_negative(Graph& g, Expr a, Expr b) {
  if (is(g, b, Op::negate)) return g.subtract(a, g.node(b).a);
  if (is(g, a, Op::negate)) return g.subtract(b, g.node(a).a);
  return {};
}

Rewritten add_fixed_to_sum(Graph& g, Expr a, Expr b) {
  if (!fixed(g, b) || !is_varying_with_fixed(g, a, Op::add)) return {};
  const auto sum = g.node(a);
  return g.add(sum.a, g.add(sum.b, b));
}

Rewritten add_fixed_to_difference(Graph& g, Expr a, Expr b) {
  if (!fixed(g, b) || !is_varying_with_fixed(g, a, Op::subtract)) return {};
  const auto difference = g.node(a);
  return g.add(difference.a, g.subtract(b, difference.b));
}

Rewritten varying_term_first(Graph& g, Expr a, Expr b) {
  if (!fixed(g, a) || fixed(g, b)) return {};
  return g.add(b, a);
}

Rewritten subtract_zero(Graph& g, Expr a, Expr b) {
  if (!g.is_constant(b, 0)) return {};
  return a;
}

Rewritten subtract_from_zero(Graph& g, Expr a, Expr b) {
  if (!g.is_constant(a, 0)) return {};
  return g.unary(Op::negate, b);
}

Rewritten subtract_itself(Graph& g, Expr a, Expr b) {
  if (a != b) return {};
  return g.constant(0);
}

Rewritten subtract_negative(Graph& g, Expr a, Expr b) {
  if (!is(g, b, Op::negate)) return {};
  return g.add(a, g.node(b).a);
}

Rewritten subtract_constant(Graph& g, Expr a, Expr b) {
  if (!is(g, b, Op::constant)) return {};
  return g.add(a, g.constant(-g.node(b).value));
}

Rewritten subtract_fixed_from_sum(Graph& g, Expr a, Expr b) {
  if (!fixed(g, b) || fixed(g, a) || !is(g, a, Op::add) || !fixed(g, g.node(a).b)) return {};
  const auto sum = g.node(a);
  return g.add(sum.a, g.subtract(sum.b, b));
}

Rewritten subtract_fixed_from_difference(Graph& g, Expr a, Expr b) {
  if (!fixed(g, b) || fixed(g, a) || !is(g, a, Op::subtract) || !fixed(g, g.node(a).b)) return {};
  const auto difference = g.node(a);
  return g.subtract(difference.a, g.add(difference.b, b));
}

Rewritten multiply_by_zero(Graph& g, Expr a, Expr b) {
  if (!g.is_constant(a, 0) && !g.is_constant(b, 0)) return {};
  return g.constant(0);
}

Rewritten multiply_by_one(Graph& g, Expr a, Expr b) {
  if (g.is_constant(a, 1)) return b;
  if (g.is_constant(b, 1)) return a;
  return {};
}

Rewritten fixed_factor_first(Graph& g, Expr a, Expr b) {
  if (!fixed(g, b) || fixed(g, a)) return {};
  return g.multiply(b, a);
}

Rewritten multiply_by_minus_one(Graph& g, Expr a, Expr b) {
  if (!g.is_constant(a, -1)) return {};
  return g.unary(Op::negate, b);
}

Rewritten sign_out_of_product(Graph& g, Expr a, Expr b) {
  if (is(g, b, Op::negate)) return g.unary(Op::negate, g.multiply(a, g.node(b).a));
  if (is(g, a, Op::negate) && alike(g, a, b)) return g.unary(Op::negate, g.multiply(g.node(a).a, b));
  return {};
}

Rewritten multiply_quotient(Graph& g, Expr a, Expr b) {
  const auto na = g.node(a), nb = g.node(b);
  // A fixed quotient stays one: it is computed beforehand.
  if (na.op == Op::divide && alike(g, a, b)) return g.divide(g.multiply(na.a, b), na.b);
  if (nb.op == Op::divide) return g.divide(g.multiply(a, nb.a), nb.b);
  return {};
}

Rewritten gather_fixed_factors(Graph& g, Expr a, Expr b) {
  const auto na = g.node(a), nb = g.node(b);
  const bool in_a = na.op == Op::multiply && fixed(g, na.a), in_b = nb.op == Op::multiply && fixed(g, nb.a);
  if (fixed(g, a) && in_b && !fixed(g, b)) return g.multiply(g.multiply(a, nb.a), nb.b);
  if (!fixed(g, a) && in_b) return g.multiply(nb.a, g.multiply(a, nb.b));
  if (!fixed(g, b) && in_a && !fixed(g, a)) return g.multiply(na.a, g.multiply(na.b, b));
  return {};
}

Rewritten divide_zero(Graph& g, Expr a, Expr) {
  if (!g.is_constant(a, 0)) return {};
  return g.constant(0);
}

Rewritten divide_by_constant(Graph& g, Expr a, Expr b) {
  if (!is(g, b, Op::constant) || g.node(b).value == 0) return {};
  return g.multiply(g.constant(1 / g.node(b).value), a);
}

Rewritten divide_by_itself(Graph& g, Expr a, Expr b) {
  if (a != b) return {};
  return g.constant(1);
}

Rewritten divide_by_quotient(Graph& g, Expr a, Expr b) {
  if (!is(g, b, Op::divide)) return {};
  const auto below = g.node(b);
  return g.divide(g.multiply(a, below.b), below.a);
}

Rewritten divide_quotient(Graph& g, Expr a, Expr b) {
  if (!is(g, a, Op::divide) || !alike(g, a, b)) return {};
  const auto above = g.node(a);
  return g.divide(above.a, g.multiply(above.b, b));
}

Rewritten sign_out_of_quotient(Graph& g, Expr a, Expr b) {
  if (is(g, a, Op::negate)) return g.unary(Op::negate, g.divide(g.node(a).a, b));
  if (is(g, b, Op::negate)) return g.unary(Op::negate, g.divide(a, g.node(b).a));
  return {};
}

/// Where a common factor is 0 the quotient had no value, and has one now.
Rewritten cancel_common_factors(Graph& g, Expr a, Expr b) {
  auto above = factors_of(g, a), below = factors_of(g, b);
  bool any = false;
  for (auto it = above.begin(); it != above.end();) {
    const auto same = is(g, *it, Op::constant) ? below.end() : std::find(below.begin(), below.end(), *it);
    if (same == below.end()) {
      ++it;
      continue;
    }
    below.erase(same);
    it = above.erase(it);
    any = true;
  }
  if (!any) return {};
  const Expr numerator = product_of(g, above), denominator = product_of(g, below);
  return g.divide(numerator, denominator);
}

Rewritten divide_by_fixed(Graph& g, Expr a, Expr b) {
  if (!fixed(g, b) || fixed(g, a)) return {};
  return g.multiply(g.divide(g.constant(1), b), a);
}

Rewritten divide_by_fixed_factor(Graph& g, Expr a, Expr b) {
  if (!is(g, b, Op::multiply) || !fixed(g, g.node(b).a) || fixed(g, b)) return {};
  const auto below = g.node(b);
  return g.divide(g.divide(a, below.a), below.b);
}

Rewritten zeroth_power(Graph& g, Expr, Expr b) {
  if (!g.is_constant(b, 0)) return {};
  return g.constant(1);
}

Rewritten power_one_half(Graph& g, Expr a, Expr b) {
  if (!g.is_constant(b, 0.5)) return {};
  return g.unary(Op::sqrt, a);
}

Rewritten whole_power(Graph& g, Expr a, Expr b) {
  constexpr double kMost = 16;
  const double n = g.node(b).value;
  if (!is(g, b, Op::constant) || n != std::floor(n) || std::fabs(n) > kMost || n == 0) return {};
  Expr power = -1, square = a;  // by squaring: m^4 is two multiplications
  for (auto k = static_cast<unsigned>(std::fabs(n)); k; k >>= 1) {
    if (k & 1) power = power < 0 ? square : g.multiply(power, square);
    if (k > 1) square = g.multiply(square, square);
  }
  return n > 0 ? power : g.divide(g.constant(1), power);
}

Rewritten both_with_never(Graph& g, Expr a, Expr b) {
  if (!g.is_constant(a, 0) && !g.is_constant(b, 0)) return {};
  return g.constant(0);
}

std::span<const Rule> rules_of(Op op) {
  static constexpr std::array kSum{&add_zero, &add_negative, &add_fixed_to_sum, &add_fixed_to_difference,
                                   &varying_term_first};
  static constexpr std::array kDifference{&subtract_zero,
                                          &subtract_from_zero,
                                          &subtract_itself,
                                          &subtract_negative,
                                          &subtract_constant,
                                          &subtract_fixed_from_sum,
                                          &subtract_fixed_from_difference};
  static constexpr std::array kProduct{&multiply_by_zero,      &multiply_by_one,     &fixed_factor_first,
                                       &multiply_by_minus_one, &sign_out_of_product, &multiply_quotient,
                                       &gather_fixed_factors};
  static constexpr std::array kQuotient{&divide_zero,           &divide_by_constant, &divide_by_itself,
                                        &divide_by_quotient,    &divide_quotient,    &sign_out_of_quotient,
                                        &cancel_common_factors, &divide_by_fixed,    &divide_by_fixed_factor};
  static constexpr std::array kPower{&zeroth_power, &power_one_half, &whole_power};
  static constexpr std::array kBoth{&both_with_never};
  switch (op) {
    case Op::add:
      return kSum;
    case Op::subtract:
      return kDifference;
    case Op::multiply:
      return kProduct;
    case Op::divide:
      return kQuotient;
    case Op::pow:
      return kPower;
    case Op::both:
      return kBoth;
    default:
      return {};
  }
}

Rewritten inverse_of_known_exponential(Graph& g, Expr a) {
  const Expr inverse = g.inverse_exp(a);
  if (inverse < 0) return {};
  return g.plain_quotient(g.constant(1), inverse);
}

Rewritten negate_negative(Graph& g, Expr a) {
  if (!is(g, a, Op::negate)) return {};
  return g.node(a).a;
}

Rewritten negate_difference(Graph& g, Expr a) {
  if (!is(g, a, Op::subtract)) return {};
  return g.subtract(g.node(a).b, g.node(a).a);
}

Rewritten sign_to_fixed_factor(Graph& g, Expr a) {
  const auto product = g.node(a);
  if (product.op != Op::multiply || !fixed(g, product.a) || fixed(g, product.b)) return {};
  return g.multiply(g.unary(Op::negate, product.a), product.b);
}

}  // namespace nt::mechanism::rules
