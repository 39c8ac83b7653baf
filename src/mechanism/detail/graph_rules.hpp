#pragma once
#include <optional>
#include <span>

#include "mechanism/detail/graph.hpp"

// Private to this room: Graph applies these while it builds.
namespace nt::mechanism::rules {

/// What an operation on a and b is rebuilt as; nothing where the rule does not apply. A fixed expression is
/// one without a varying symbol: it is computed before the simulation starts. x and y stand for any
/// expressions, p and q for fixed ones, c for a constant.
using Rewritten = std::optional<Expr>;
using Rule = Rewritten (*)(Graph& g, Expr a, Expr b);

Rewritten add_zero(Graph& g, Expr a, Expr b);                 // x + 0 = x
Rewritten add_negative(Graph& g, Expr a, Expr b);             // x + -y = x - y
Rewritten add_fixed_to_sum(Graph& g, Expr a, Expr b);         // (x + p) + q = x + (p + q)
Rewritten add_fixed_to_difference(Graph& g, Expr a, Expr b);  // (x - p) + q = x + (q - p)
Rewritten varying_term_first(Graph& g, Expr a, Expr b);       // p + x = x + p

Rewritten subtract_zero(Graph& g, Expr a, Expr b);                   // x - 0 = x
Rewritten subtract_from_zero(Graph& g, Expr a, Expr b);              // 0 - x = -x
Rewritten subtract_itself(Graph& g, Expr a, Expr b);                 // x - x = 0
Rewritten subtract_negative(Graph& g, Expr a, Expr b);               // x - -y = x + y
Rewritten subtract_constant(Graph& g, Expr a, Expr b);               // x - c = x + -c
Rewritten subtract_fixed_from_sum(Graph& g, Expr a, Expr b);         // (x + p) - q = x + (p - q)
Rewritten subtract_fixed_from_difference(Graph& g, Expr a, Expr b);  // (x - p) - q = x - (p + q)

Rewritten multiply_by_zero(Graph& g, Expr a, Expr b);       // 0 x = 0
Rewritten multiply_by_one(Graph& g, Expr a, Expr b);        // 1 x = x
Rewritten fixed_factor_first(Graph& g, Expr a, Expr b);     // x p = p x
Rewritten multiply_by_minus_one(Graph& g, Expr a, Expr b);  // -1 x = -x
Rewritten sign_out_of_product(Graph& g, Expr a, Expr b);    // x (-y) = -(x y)
Rewritten multiply_quotient(Graph& g, Expr a, Expr b);      // x (y / z) = x y / z
Rewritten gather_fixed_factors(Graph& g, Expr a, Expr b);   // p (q x) = (p q) x, x (p y) = p (x y)

Rewritten divide_zero(Graph& g, Expr a, Expr b);             // 0 / x = 0
Rewritten divide_by_constant(Graph& g, Expr a, Expr b);      // x / c = (1 / c) x
Rewritten divide_by_itself(Graph& g, Expr a, Expr b);        // x / x = 1
Rewritten divide_by_quotient(Graph& g, Expr a, Expr b);      // x / (y / z) = x z / y
Rewritten divide_quotient(Graph& g, Expr a, Expr b);         // (x / y) / z = x / (y z)
Rewritten sign_out_of_quotient(Graph& g, Expr a, Expr b);    // (-x) / y = x / (-y) = -(x / y)
Rewritten cancel_common_factors(Graph& g, Expr a, Expr b);   // x y / (x z) = y / z
Rewritten divide_by_fixed(Graph& g, Expr a, Expr b);         // x / p = (1 / p) x
Rewritten divide_by_fixed_factor(Graph& g, Expr a, Expr b);  // x / (p y) = (x / p) / y

Rewritten zeroth_power(Graph& g, Expr a, Expr b);    // x^0 = 1
Rewritten power_one_half(Graph& g, Expr a, Expr b);  // x^0.5 = sqrt x
Rewritten whole_power(Graph& g, Expr a, Expr b);     // x^3 = x x x, up to 16, by squaring

Rewritten both_with_never(Graph& g, Expr a, Expr b);  // x and 0 = 0

/// The rules of an operation of two, in the order in which they are tried.
std::span<const Rule> rules_of(Op op);

/// Of one expression.
Rewritten inverse_of_known_exponential(Graph& g, Expr a);  // exp(-x) = 1 / exp(x), which costs less
Rewritten negate_negative(Graph& g, Expr a);               // -(-x) = x
Rewritten negate_difference(Graph& g, Expr a);             // -(x - y) = y - x
Rewritten sign_to_fixed_factor(Graph& g, Expr a);          // -(p x) = (-p) x

}  // namespace nt::mechanism::rules
