#include "mechanism/detail/graph.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace nt::mechanism {
namespace {

/// A value as the expression was written, and how far rounding can have moved it (first order).
struct Written {
  double value, error;
};

constexpr double kRounding = std::numeric_limits<double>::epsilon();

/// Builds the same random expression in a graph and in plain arithmetic.
class Twins {
 public:
  explicit Twins(unsigned seed) : random_(seed) {
    for (const auto* name : {"x", "y", "p", "q"}) {
      const Expr e = graph.symbol(name, /*varying=*/*name > 'r');
      values[e] = std::uniform_real_distribution(0.3, 2.0)(random_);
      pool_.emplace_back(e, Written{values[e], 0});
    }
    for (const double c : {2.0, 0.5, 1.0, 3.0, -1.0}) pool_.emplace_back(graph.constant(c), Written{c, 0});
  }

  Graph graph;
  std::map<Expr, double> values;

  std::pair<Expr, Written> grow(int operations) {
    for (int i = 0; i < operations; ++i) pool_.push_back(one_more());
    return pool_.back();
  }

 private:
  const std::pair<Expr, Written>& any() {
    return pool_[std::uniform_int_distribution<size_t>(0, pool_.size() - 1)(random_)];
  }

  std::pair<Expr, Written> one_more() {
    const auto [a, wa] = any();
    const auto [b, wb] = any();
    const auto result = [](Expr e, double value, double error) {
      return std::pair(e, Written{value, error + 2 * kRounding * std::fabs(value)});
    };
    const double u = wa.value, v = wb.value;
    switch (std::uniform_int_distribution(0, 9)(random_)) {
      case 0:
        return result(graph.add(a, b), u + v,
                      wa.error + wb.error + kRounding * (std::fabs(u) + std::fabs(v)));
      case 1:
        return result(graph.subtract(a, b), u - v,
                      wa.error + wb.error + kRounding * (std::fabs(u) + std::fabs(v)));
      case 2:
      case 3:
        if (std::fabs(u * v) > 1e6) break;
        return result(graph.multiply(a, b), u * v, wa.error * std::fabs(v) + wb.error * std::fabs(u));
      case 4:
      case 5:
        if (std::fabs(v) < 1e-2 || std::fabs(u / v) > 1e6) break;
        return result(graph.divide(a, b), u / v, (wa.error + wb.error * std::fabs(u / v)) / std::fabs(v));
      case 6:
        return result(graph.unary(Op::negate, a), -u, wa.error);
      case 7:
        if (std::fabs(u) > 5) break;
        return result(graph.unary(Op::exp, a), std::exp(u), wa.error * std::exp(u));
      case 8:
        if (std::fabs(u) > 20) break;
        return result(graph.binary(Op::pow, a, graph.constant(3)), u * u * u, 3 * u * u * wa.error);
      default:
        // Away from the threshold, where rounding could decide.
        if (std::fabs(u - v) < 1e-3) break;
        return result(graph.select(graph.binary(Op::less, a, b), a, b), std::min(u, v),
                      std::max(wa.error, wb.error));
    }
    return {a, wa};
  }

  std::mt19937 random_;
  std::vector<std::pair<Expr, Written>> pool_;
};

TEST(Graph, SimplifyingKeepsTheValue) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    Twins twins(seed);
    const auto [e, written] = twins.grow(25);
    // Rearranged sums round differently: a few times what the written order can be wrong by.
    EXPECT_NEAR(twins.graph.evaluate(e, twins.values), written.value, 16 * written.error) << "seed " << seed;
  }
}

TEST(Graph, ADerivativeIsTheLimitOfTheDifferenceQuotient) {
  int compared = 0;
  for (unsigned seed = 0; seed < 1000; ++seed) {
    Twins twins(seed);
    auto& g = twins.graph;
    const auto [e, written] = twins.grow(12);
    const Expr x = g.find("x");
    const double d = g.evaluate(g.derivative(e, x), twins.values);
    const auto at = [&](double step) {
      auto values = twins.values;
      values[x] += step;
      return g.evaluate(e, values);
    };
    const auto quotient = [&](double h) { return (at(h) - at(-h)) / (2 * h); };
    const double h = 1e-4, coarse = quotient(2 * h), fine = quotient(h);
    if (std::fabs(coarse - fine) > 1e-3 * (1 + std::fabs(fine)))
      continue;  // a kink of `select`, or too curved
    ++compared;
    // Richardson's extrapolation is exact to h^4; what is left is the rounding of the quotient.
    EXPECT_NEAR(d, fine + (fine - coarse) / 3, 1e-5 * (1 + std::fabs(fine)) + written.error / h)
        << "seed " << seed;
  }
  EXPECT_GT(compared, 900);
}

TEST(Graph, KnowsTheDerivativeOfEveryFunction) {
  Graph g;
  const Expr x = g.symbol("x", true), two = g.constant(2);
  const auto power = [&](Expr a, Expr b) { return g.binary(Op::pow, a, b); };
  for (const Expr e :
       {g.unary(Op::exp, x), g.unary(Op::expm1, x), g.unary(Op::log, x), g.unary(Op::log10, x),
        g.unary(Op::sqrt, x), g.unary(Op::fabs, g.unary(Op::negate, x)), g.unary(Op::sin, x),
        g.unary(Op::cos, x), g.unary(Op::tan, x), g.unary(Op::tanh, x), power(x, g.constant(2.5)),
        power(two, x), power(x, x), g.divide(two, x), g.multiply(x, x)}) {
    for (const double at : {0.3, 0.9, 1.4}) {
      const double h = 1e-5;
      const double quotient = (g.evaluate(e, {{x, at + h}}) - g.evaluate(e, {{x, at - h}})) / (2 * h);
      // Second order in h, third derivatives below 100 here (tan at 1.4: 1e3, times h^2).
      EXPECT_NEAR(g.evaluate(g.derivative(e, x), {{x, at}}), quotient, 1e-6 * (1 + std::fabs(quotient)))
          << static_cast<int>(g.node(e).op) << " at " << at;
    }
  }
  for (const Expr e : {g.unary(Op::floor, x), g.unary(Op::ceil, x), g.binary(Op::less, x, two)})
    EXPECT_TRUE(g.is_constant(g.derivative(e, x), 0));
}

TEST(Graph, EqualExpressionsAreOneNode) {
  Graph g;
  const Expr x = g.symbol("x", true), y = g.symbol("y", true);
  EXPECT_EQ(g.add(x, y), g.add(y, x));
  EXPECT_EQ(g.multiply(x, y), g.multiply(y, x));
  EXPECT_NE(g.subtract(x, y), g.subtract(y, x));
  EXPECT_EQ(g.symbol("x", true), x);
  EXPECT_NE(x, y);
  EXPECT_EQ(g.find("z"), -1);
}

TEST(Graph, ConstantsAreFoldedAndNeutralElementsVanish) {
  Graph g;
  const Expr x = g.symbol("x", true), zero = g.constant(0), one = g.constant(1);
  EXPECT_TRUE(g.is_constant(g.multiply(g.constant(2), g.add(one, g.constant(0.5))), 3));
  EXPECT_EQ(g.add(x, zero), x);
  EXPECT_EQ(g.multiply(x, one), x);
  EXPECT_EQ(g.divide(x, one), x);
  EXPECT_EQ(g.unary(Op::negate, g.unary(Op::negate, x)), x);
  EXPECT_TRUE(g.is_constant(g.subtract(x, x), 0));
  EXPECT_TRUE(g.is_constant(g.multiply(x, zero), 0));
  EXPECT_TRUE(g.is_constant(g.divide(x, x), 1));
}

TEST(Graph, FactorsAboveAndBelowCancel) {
  Graph g;
  const Expr x = g.symbol("x", true), y = g.symbol("y", true), z = g.symbol("z", true);
  EXPECT_EQ(g.divide(g.multiply(x, y), g.multiply(z, x)), g.divide(y, z));
  EXPECT_EQ(g.divide(g.multiply(g.multiply(x, x), y), x), g.multiply(x, y));
  // -b/a of x' = a x + b, where both have tau below: the target costs no division.
  const Expr tau = g.symbol("tau", true), a = g.divide(g.constant(-1), tau), b = g.divide(y, tau);
  EXPECT_EQ(g.unary(Op::negate, g.divide(b, a)), y);
}

TEST(Graph, TheExponentialOfMinusXBesideThatOfXIsADivision) {
  Graph g;
  const Expr x = g.symbol("x", true);
  const Expr grows = g.unary(Op::exp, g.multiply(g.constant(0.5), x));
  const Expr decays = g.unary(Op::exp, g.multiply(g.constant(-0.5), x));
  EXPECT_EQ(decays, g.divide(g.constant(1), grows));
  EXPECT_DOUBLE_EQ(g.evaluate(decays, {{x, 3}}), std::exp(-1.5));
  const Expr y = g.symbol("y", true);
  const Expr first = g.unary(Op::exp, g.unary(Op::negate, y));
  EXPECT_EQ(g.unary(Op::exp, y), g.divide(g.constant(1), first));
}

TEST(Graph, WholePowersAreMultiplications) {
  Graph g;
  const Expr x = g.symbol("x", true);
  const auto power = [&](double n) { return g.binary(Op::pow, x, g.constant(n)); };
  for (const double n : {-3.0, 1.0, 2.0, 3.0, 4.0, 7.0, 16.0}) {
    EXPECT_NE(g.node(power(n)).op, Op::pow);
    EXPECT_NEAR(g.evaluate(power(n), {{x, 1.7}}), std::pow(1.7, n), 1e-13 * std::pow(1.7, n));
  }
  EXPECT_TRUE(g.is_constant(power(0), 1));
  EXPECT_EQ(g.node(power(0.5)).op, Op::sqrt);
  EXPECT_EQ(g.node(power(4.8)).op, Op::pow);
}

TEST(Graph, FixedFactorsGatherSoThatTheyAreComputedBeforehand) {
  Graph g;
  const Expr x = g.symbol("x", true), p = g.symbol("p", false), q = g.symbol("q", false);
  const Expr e = g.multiply(p, g.multiply(q, x));
  EXPECT_EQ(e, g.multiply(g.multiply(p, q), x));
  EXPECT_FALSE(g.node(g.node(e).a).varying);
  EXPECT_EQ(g.divide(x, p), g.multiply(g.divide(g.constant(1), p), x));
  EXPECT_EQ(g.add(g.add(x, p), q), g.add(x, g.add(p, q)));
}

TEST(Graph, SubstitutionReplacesASymbolEverywhere) {
  Graph g;
  const Expr x = g.symbol("x", true), y = g.symbol("y", true);
  const Expr e = g.add(g.multiply(x, x), g.unary(Op::exp, x));
  EXPECT_DOUBLE_EQ(g.evaluate(g.substitute(e, {{x, g.add(y, g.constant(1))}}), {{y, 0.5}}),
                   2.25 + std::exp(1.5));
  EXPECT_TRUE(g.is_constant(g.substitute(e, {{x, g.constant(0)}}), 1));
  EXPECT_TRUE(g.depends(e, x));
  EXPECT_FALSE(g.depends(e, y));
}

TEST(Graph, ASelectionOnAConstantIsDecided) {
  Graph g;
  const Expr x = g.symbol("x", true), y = g.symbol("y", true);
  EXPECT_EQ(g.select(g.constant(1), x, y), x);
  EXPECT_EQ(g.select(g.constant(0), x, y), y);
  EXPECT_EQ(g.select(g.binary(Op::less, x, y), x, x), x);
  const Expr both = g.binary(Op::both, g.binary(Op::less, x, y), g.unary(Op::nay, g.binary(Op::equal, x, y)));
  EXPECT_EQ(g.evaluate(both, {{x, 1}, {y, 2}}), 1);
  EXPECT_EQ(g.evaluate(both, {{x, 2}, {y, 2}}), 0);
}

}  // namespace
}  // namespace nt::mechanism
