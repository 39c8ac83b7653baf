// One test for each rule by which a graph simplifies what it builds: what it makes of its case, and that it
// leaves another alone. That rules keep values is in graph_test.cpp.
#include "mechanism/detail/graph_rules.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace nt::mechanism::rules {
namespace {

class GraphRule : public testing::Test {
 protected:
  Graph g;
  Expr x = g.symbol("x", true), y = g.symbol("y", true), z = g.symbol("z", true);
  Expr p = g.symbol("p", false), q = g.symbol("q", false);
  Expr zero = g.constant(0), one = g.constant(1), two = g.constant(2);

  Expr minus(Expr e) { return g.unary(Op::negate, e); }
  static constexpr auto kNothing = std::nullopt;
};

TEST_F(GraphRule, AddZero) {
  EXPECT_EQ(add_zero(g, x, zero), x);
  EXPECT_EQ(add_zero(g, zero, x), x);
  EXPECT_EQ(add_zero(g, x, one), kNothing);
}

TEST_F(GraphRule, AddNegative) {
  EXPECT_EQ(add_negative(g, x, minus(y)), g.subtract(x, y));
  EXPECT_EQ(add_negative(g, minus(y), x), g.subtract(x, y));
  EXPECT_EQ(add_negative(g, x, y), kNothing);
}

TEST_F(GraphRule, AddFixedToSum) {
  EXPECT_EQ(add_fixed_to_sum(g, g.add(x, p), q), g.add(x, g.add(p, q)));
  EXPECT_EQ(add_fixed_to_sum(g, g.add(x, p), y), kNothing);
  EXPECT_EQ(add_fixed_to_sum(g, g.add(x, y), q), kNothing);
}

TEST_F(GraphRule, AddFixedToDifference) {
  EXPECT_EQ(add_fixed_to_difference(g, g.subtract(x, p), q), g.add(x, g.subtract(q, p)));
  EXPECT_EQ(add_fixed_to_difference(g, g.subtract(p, x), q), kNothing);
}

TEST_F(GraphRule, VaryingTermFirst) {
  EXPECT_EQ(varying_term_first(g, p, x), g.add(x, p));
  EXPECT_EQ(g.node(*varying_term_first(g, p, x)).a, x);
  EXPECT_EQ(varying_term_first(g, x, p), kNothing);
}

TEST_F(GraphRule, SubtractZero) {
  EXPECT_EQ(subtract_zero(g, x, zero), x);
  EXPECT_EQ(subtract_zero(g, zero, x), kNothing);
}

TEST_F(GraphRule, SubtractFromZero) {
  EXPECT_EQ(subtract_from_zero(g, zero, x), minus(x));
  EXPECT_EQ(subtract_from_zero(g, one, x), kNothing);
}

TEST_F(GraphRule, SubtractItself) {
  EXPECT_EQ(subtract_itself(g, x, x), zero);
  EXPECT_EQ(subtract_itself(g, x, y), kNothing);
}

TEST_F(GraphRule, SubtractNegative) {
  EXPECT_EQ(subtract_negative(g, x, minus(y)), g.add(x, y));
  EXPECT_EQ(subtract_negative(g, minus(x), y), kNothing);
}

TEST_F(GraphRule, SubtractConstant) {
  EXPECT_EQ(subtract_constant(g, x, two), g.add(x, g.constant(-2)));
  EXPECT_EQ(subtract_constant(g, x, p), kNothing);
}

TEST_F(GraphRule, SubtractFixedFromSum) {
  EXPECT_EQ(subtract_fixed_from_sum(g, g.add(x, p), q), g.add(x, g.subtract(p, q)));
  EXPECT_EQ(subtract_fixed_from_sum(g, g.add(x, y), q), kNothing);
}

TEST_F(GraphRule, SubtractFixedFromDifference) {
  EXPECT_EQ(subtract_fixed_from_difference(g, g.subtract(x, p), q), g.subtract(x, g.add(p, q)));
  EXPECT_EQ(subtract_fixed_from_difference(g, g.subtract(p, x), q), kNothing);
}

TEST_F(GraphRule, MultiplyByZero) {
  EXPECT_EQ(multiply_by_zero(g, x, zero), zero);
  EXPECT_EQ(multiply_by_zero(g, zero, x), zero);
  EXPECT_EQ(multiply_by_zero(g, x, p), kNothing);
}

TEST_F(GraphRule, MultiplyByOne) {
  EXPECT_EQ(multiply_by_one(g, one, x), x);
  EXPECT_EQ(multiply_by_one(g, x, one), x);
  EXPECT_EQ(multiply_by_one(g, x, two), kNothing);
}

TEST_F(GraphRule, FixedFactorFirst) {
  EXPECT_EQ(g.node(*fixed_factor_first(g, x, p)).a, p);
  EXPECT_EQ(fixed_factor_first(g, p, x), kNothing);
}

TEST_F(GraphRule, MultiplyByMinusOne) {
  EXPECT_EQ(multiply_by_minus_one(g, g.constant(-1), x), minus(x));
  EXPECT_EQ(multiply_by_minus_one(g, two, x), kNothing);
}

TEST_F(GraphRule, SignOutOfProduct) {
  EXPECT_EQ(sign_out_of_product(g, x, minus(y)), minus(g.multiply(x, y)));
  EXPECT_EQ(sign_out_of_product(g, minus(x), y), minus(g.multiply(x, y)));
  // A fixed factor keeps its sign: it is computed beforehand.
  EXPECT_EQ(sign_out_of_product(g, minus(p), y), kNothing);
}

TEST_F(GraphRule, MultiplyQuotient) {
  EXPECT_EQ(multiply_quotient(g, x, g.divide(y, z)), g.divide(g.multiply(x, y), z));
  EXPECT_EQ(multiply_quotient(g, g.divide(y, z), x), g.divide(g.multiply(y, x), z));
  EXPECT_EQ(multiply_quotient(g, g.divide(p, q), x), kNothing);
}

TEST_F(GraphRule, GatherFixedFactors) {
  const Expr px = g.multiply(p, x);
  EXPECT_EQ(gather_fixed_factors(g, q, px), g.multiply(g.multiply(q, p), x));
  EXPECT_EQ(gather_fixed_factors(g, y, px), g.multiply(p, g.multiply(y, x)));
  EXPECT_EQ(gather_fixed_factors(g, px, y), g.multiply(p, g.multiply(x, y)));
  EXPECT_EQ(gather_fixed_factors(g, z, g.multiply(x, y)), kNothing);
}

TEST_F(GraphRule, DivideZero) {
  EXPECT_EQ(divide_zero(g, zero, x), zero);
  EXPECT_EQ(divide_zero(g, x, y), kNothing);
}

TEST_F(GraphRule, DivideByConstant) {
  EXPECT_EQ(divide_by_constant(g, x, two), g.multiply(g.constant(0.5), x));
  EXPECT_EQ(divide_by_constant(g, x, zero), kNothing);
  EXPECT_EQ(divide_by_constant(g, x, p), kNothing);
}

TEST_F(GraphRule, DivideByItself) {
  EXPECT_EQ(divide_by_itself(g, x, x), one);
  EXPECT_EQ(divide_by_itself(g, x, y), kNothing);
}

TEST_F(GraphRule, DivideByQuotient) {
  EXPECT_EQ(divide_by_quotient(g, x, g.divide(y, z)), g.divide(g.multiply(x, z), y));
  EXPECT_EQ(divide_by_quotient(g, g.divide(y, z), x), kNothing);
}

TEST_F(GraphRule, DivideQuotient) {
  EXPECT_EQ(divide_quotient(g, g.divide(x, y), z), g.divide(x, g.multiply(y, z)));
  EXPECT_EQ(divide_quotient(g, g.divide(p, q), z), kNothing);
}

TEST_F(GraphRule, SignOutOfQuotient) {
  EXPECT_EQ(sign_out_of_quotient(g, minus(x), y), minus(g.divide(x, y)));
  EXPECT_EQ(sign_out_of_quotient(g, x, minus(y)), minus(g.divide(x, y)));
  EXPECT_EQ(sign_out_of_quotient(g, x, y), kNothing);
}

TEST_F(GraphRule, CancelCommonFactors) {
  EXPECT_EQ(cancel_common_factors(g, g.multiply(x, y), g.multiply(z, x)), g.divide(y, z));
  EXPECT_EQ(cancel_common_factors(g, g.multiply(x, x), x), x);  // one of two
  EXPECT_EQ(cancel_common_factors(g, g.multiply(x, y), z), kNothing);
}

TEST_F(GraphRule, DivideByFixed) {
  EXPECT_EQ(divide_by_fixed(g, x, p), g.multiply(g.divide(one, p), x));
  EXPECT_EQ(divide_by_fixed(g, q, p), kNothing);
}

TEST_F(GraphRule, DivideByFixedFactor) {
  EXPECT_EQ(divide_by_fixed_factor(g, x, g.multiply(p, y)), g.divide(g.divide(x, p), y));
  EXPECT_EQ(divide_by_fixed_factor(g, x, g.multiply(p, q)), kNothing);
}

TEST_F(GraphRule, ZerothPower) {
  EXPECT_EQ(zeroth_power(g, x, zero), one);
  EXPECT_EQ(zeroth_power(g, x, one), kNothing);
}

TEST_F(GraphRule, PowerOneHalf) {
  EXPECT_EQ(power_one_half(g, x, g.constant(0.5)), g.unary(Op::sqrt, x));
  EXPECT_EQ(power_one_half(g, x, p), kNothing);
}

TEST_F(GraphRule, WholePower) {
  EXPECT_EQ(whole_power(g, x, g.constant(3)), g.multiply(x, g.multiply(x, x)));
  EXPECT_EQ(whole_power(g, x, g.constant(-2)), g.divide(one, g.multiply(x, x)));
  EXPECT_EQ(whole_power(g, x, g.constant(17)), kNothing);
  EXPECT_EQ(whole_power(g, x, g.constant(2.5)), kNothing);
  EXPECT_EQ(whole_power(g, x, p), kNothing);
}

TEST_F(GraphRule, BothWithNever) {
  EXPECT_EQ(both_with_never(g, x, zero), zero);
  EXPECT_EQ(both_with_never(g, zero, x), zero);
  EXPECT_EQ(both_with_never(g, x, one), kNothing);
}

TEST_F(GraphRule, InverseOfKnownExponential) {
  EXPECT_EQ(inverse_of_known_exponential(g, minus(x)), kNothing);  // nobody has exp(x) yet
  const Expr grows = g.unary(Op::exp, x);
  EXPECT_EQ(inverse_of_known_exponential(g, minus(x)), g.divide(one, grows));
}

TEST_F(GraphRule, NegateNegative) {
  EXPECT_EQ(negate_negative(g, minus(x)), x);
  EXPECT_EQ(negate_negative(g, x), kNothing);
}

TEST_F(GraphRule, NegateDifference) {
  EXPECT_EQ(negate_difference(g, g.subtract(x, y)), g.subtract(y, x));
  EXPECT_EQ(negate_difference(g, g.add(x, y)), kNothing);
}

TEST_F(GraphRule, SignToFixedFactor) {
  EXPECT_EQ(sign_to_fixed_factor(g, g.multiply(p, x)), g.multiply(minus(p), x));
  EXPECT_EQ(sign_to_fixed_factor(g, g.multiply(x, y)), kNothing);
}

TEST_F(GraphRule, OperationsWithoutRulesStayAsTheyAre) {
  for (const Op op : {Op::less, Op::less_equal, Op::equal, Op::either}) EXPECT_TRUE(rules_of(op).empty());
  EXPECT_EQ(g.node(g.binary(Op::less, x, y)).op, Op::less);
}

}  // namespace
}  // namespace nt::mechanism::rules
