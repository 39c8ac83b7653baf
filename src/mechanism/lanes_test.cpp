// The functions of lanes-inl.hpp against <cmath>, in every instruction set that this machine has.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mechanism/lanes_test.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "mechanism/lanes-inl.hpp"

#ifndef NEURONTWIN_LANES_TEST_ONCE
#define NEURONTWIN_LANES_TEST_ONCE
namespace nt::mechanism {

enum class Function {
  exp,
  exp_within,
  expm1,
  reciprocal,
  log,
  log10,
  sine,
  cosine,
  tangent,
  hyperbolic_tangent,
  square_root,
  divide,
  power
};

}  // namespace nt::mechanism
#endif

HWY_BEFORE_NAMESPACE();
namespace nt::mechanism {
namespace HWY_NAMESPACE {

template <class T>
void apply_here(Function function, const T* x, const T* y, T* out) {
  const auto a = ln::Load(x), b = ln::Load(y);
  switch (function) {
    case Function::exp:
      return ln::Store<T>(ln::Exp(a), out);
    case Function::exp_within:
      return ln::Store<T>(ln::ExpWithin(a), out);
    case Function::expm1:
      return ln::Store<T>(ln::Expm1(a), out);
    case Function::reciprocal:
      return ln::Store<T>(ln::Reciprocal(a), out);
    case Function::log:
      return ln::Store<T>(ln::Log(a), out);
    case Function::log10:
      return ln::Store<T>(ln::Log10(a), out);
    case Function::sine:
      return ln::Store<T>(ln::Sine(a), out);
    case Function::cosine:
      return ln::Store<T>(ln::Cosine(a), out);
    case Function::tangent:
      return ln::Store<T>(ln::Tangent(a), out);
    case Function::hyperbolic_tangent:
      return ln::Store<T>(ln::HyperbolicTangent(a), out);
    case Function::square_root:
      return ln::Store<T>(ln::SquareRoot(a), out);
    case Function::divide:
      return ln::Store<T>(ln::Divide(a, b), out);
    case Function::power:
      return ln::Store<T>(ln::Power(a, b), out);
  }
}

size_t lanes_here(bool in_float) {
  return in_float ? ln::count<float>() : ln::count<double>();
}
void apply_float(Function f, const float* x, const float* y, float* out) {
  apply_here(f, x, y, out);
}
void apply_double(Function f, const double* x, const double* y, double* out) {
  apply_here(f, x, y, out);
}

}  // namespace HWY_NAMESPACE
}  // namespace nt::mechanism
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <gtest/gtest.h>
#include <hwy/aligned_allocator.h>

#include <cmath>
#include <functional>
#include <random>
#include <set>

namespace nt::mechanism {
namespace {

HWY_EXPORT(lanes_here);
HWY_EXPORT(apply_float);
HWY_EXPORT(apply_double);

/// Runs `body` once for every instruction set of this machine that the program was compiled for.
void in_every_instruction_set(const std::function<void()>& body) {
  std::set<size_t> widths;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    widths.insert(HWY_DYNAMIC_DISPATCH(lanes_here)(true));
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  // They differ in how many numbers they hold: that they were tried shows in that.
  EXPECT_GE(widths.size(), hwy::SupportedAndGeneratedTargets().size() > 1 ? 2u : 1u);
}

struct Domain {
  double low, high;
  bool by_size = false;  // drawn evenly in its logarithm
};

double draw(std::mt19937& random, const Domain& d) {
  if (!d.by_size) return std::uniform_real_distribution(d.low, d.high)(random);
  return std::exp(std::uniform_real_distribution(std::log(d.low), std::log(d.high))(random));
}

/// The greatest error of a function over its domain, relative to `scale(exact)`, the exact value's size by
/// default.
template <class T>
double greatest_error(
    Function function, const std::function<double(double, double)>& exact, Domain x_domain,
    Domain y_domain = {0, 1},
    const std::function<double(double)>& scale = [](double e) { return std::fabs(e); }) {
  const size_t n = HWY_DYNAMIC_DISPATCH(lanes_here)(sizeof(T) == 4);
  auto x = hwy::AllocateAligned<T>(n), y = hwy::AllocateAligned<T>(n), out = hwy::AllocateAligned<T>(n);
  std::mt19937 random(1);
  double greatest = 0;
  for (size_t round = 0; round < 40000 / n; ++round) {
    for (size_t i = 0; i < n; ++i) {
      x[i] = static_cast<T>(draw(random, x_domain));
      y[i] = static_cast<T>(draw(random, y_domain));
    }
    if constexpr (sizeof(T) == 4)
      HWY_DYNAMIC_DISPATCH(apply_float)(function, x.get(), y.get(), out.get());
    else
      HWY_DYNAMIC_DISPATCH(apply_double)(function, x.get(), y.get(), out.get());
    for (size_t i = 0; i < n; ++i) {
      const double wanted = exact(x[i], y[i]), error = std::fabs(out[i] - wanted) / scale(wanted);
      greatest = std::isfinite(error) ? std::max(greatest, error) : HUGE_VAL;
    }
  }
  return greatest;
}

// Half a unit in the last place.
constexpr double kFloat = 0x1p-24, kDouble = 0x1p-53;

double exp_of(double x, double) {
  return std::exp(x);
}
double expm1_of(double x, double) {
  return std::expm1(x);
}

TEST(Lanes, ExponentialsAreGoodToAFewRoundings) {
  in_every_instruction_set([] {
    for (const double most : {1.0, 20.0, 79.9}) {
      // Float: log 2 as one number puts the argument off by a rounding error of its own, which the result has
      // as a relative one.
      EXPECT_LT(greatest_error<float>(Function::exp, exp_of, {-most, most}), (3 + most) * kFloat);
      EXPECT_LT(greatest_error<float>(Function::exp_within, exp_of, {-most, most}), (3 + most) * kFloat);
    }
    EXPECT_LT(greatest_error<double>(Function::exp, exp_of, {-690, 690}), 3 * kDouble);
    EXPECT_LT(greatest_error<double>(Function::exp_within, exp_of, {-79.9, 79.9}), 3 * kDouble);
  });
}

TEST(Lanes, AnExponentialThatWouldOverflowStaysFinite) {
  in_every_instruction_set([] {
    // Beyond +-80 (float) and +-700 (double) the value there.
    EXPECT_LT(
        greatest_error<float>(Function::exp, [](double, double) { return std::exp(80.0); }, {81, 1e30, true}),
        90 * kFloat);
    EXPECT_LT(greatest_error<double>(Function::exp, [](double, double) { return std::exp(700.0); },
                                     {701, 1e300, true}),
              3 * kDouble);
    EXPECT_LT(
        greatest_error<double>(Function::exp, [](double, double) { return std::exp(-700.0); }, {-1e5, -701}),
        3 * kDouble);
  });
}

TEST(Lanes, ExpMinusOneIsGoodWhereItIsSmall) {
  in_every_instruction_set([] {
    EXPECT_LT(greatest_error<float>(Function::expm1, expm1_of, {1e-30, 0.3, true}), 5 * kFloat);
    EXPECT_LT(greatest_error<float>(Function::expm1, expm1_of, {-0.3, 0.3}), 5 * kFloat);
    EXPECT_LT(greatest_error<float>(Function::expm1, expm1_of, {-20, 5}), 15 * kFloat);
    EXPECT_LT(greatest_error<double>(Function::expm1, expm1_of, {1e-300, 0.3, true}), 5 * kDouble);
    EXPECT_LT(greatest_error<double>(Function::expm1, expm1_of, {-40, 40}), 8 * kDouble);
  });
}

TEST(Lanes, ReciprocalsAndQuotientsAreGoodToTheirClaim) {
  in_every_instruction_set([] {
    const auto inverse = [](double x, double) { return 1 / x; };
    const auto quotient = [](double x, double y) { return x / y; };
    // SSE and AVX2 estimate to 1.5 2^-12, which Newton's step squares: 2^-22.8.
    EXPECT_LT(greatest_error<float>(Function::reciprocal, inverse, {1e-37, 1e37, true}), 3.5e-7);
    EXPECT_LT(greatest_error<float>(Function::divide, quotient, {-100, 100}, {1e-30, 1e30, true}), 4.5e-7);
    EXPECT_LE(greatest_error<double>(Function::reciprocal, inverse, {1e-300, 1e300, true}), 1.01 * kDouble);
    EXPECT_LE(greatest_error<double>(Function::divide, quotient, {-100, 100}, {1e-30, 1e30, true}),
              1.01 * kDouble);
  });
}

TEST(Lanes, LogarithmsAndRoots) {
  in_every_instruction_set([] {
    const auto log_of = [](double x, double) { return std::log(x); };
    const auto log10_of = [](double x, double) { return std::log10(x); };
    const auto root = [](double x, double) { return std::sqrt(x); };
    // Four units in the last place, says Highway.
    EXPECT_LT(greatest_error<float>(Function::log, log_of, {1e-30, 1e30, true}), 8 * kFloat);
    EXPECT_LT(greatest_error<double>(Function::log, log_of, {1e-300, 1e300, true}), 8 * kDouble);
    EXPECT_LT(greatest_error<float>(Function::log10, log10_of, {1e-30, 1e30, true}), 10 * kFloat);
    EXPECT_LT(greatest_error<double>(Function::log10, log10_of, {1e-300, 1e300, true}), 10 * kDouble);
    EXPECT_LE(greatest_error<float>(Function::square_root, root, {1e-30, 1e30, true}), 1.01 * kFloat);
    EXPECT_LE(greatest_error<double>(Function::square_root, root, {1e-300, 1e300, true}), 1.01 * kDouble);
  });
}

TEST(Lanes, PowersOfPositiveNumbers) {
  in_every_instruction_set([] {
    const auto power = [](double x, double y) { return std::pow(x, y); };
    // y log x up to 30 multiplies the logarithm's error.
    EXPECT_LT(greatest_error<float>(Function::power, power, {1e-2, 1e2, true}, {-6, 6}), 200 * kFloat);
    EXPECT_LT(greatest_error<double>(Function::power, power, {1e-2, 1e2, true}, {-6, 6}), 200 * kDouble);
    const auto nothing = [](double, double) { return 0.0; };
    const auto one = [](double) { return 1.0; };
    EXPECT_EQ(greatest_error<float>(Function::power, nothing, {0, 0}, {0.1, 5}, one), 0);
    EXPECT_EQ(greatest_error<double>(Function::power, nothing, {0, 0}, {0.1, 5}, one), 0);
  });
}

TEST(Lanes, AnglesAndTheirTangents) {
  in_every_instruction_set([] {
    const auto one = [](double) { return 1.0; };
    for (const auto& [function, exact] :
         {std::pair<Function, double (*)(double)>{Function::sine, std::sin}, {Function::cosine, std::cos}}) {
      const auto f = [g = exact](double x, double) { return g(x); };
      EXPECT_LT(greatest_error<float>(function, f, {-30, 30}, {0, 1}, one), 4 * kFloat);
      EXPECT_LT(greatest_error<double>(function, f, {-30, 30}, {0, 1}, one), 4 * kDouble);
    }
    const auto tangent = [](double x, double) { return std::tan(x); };
    EXPECT_LT(greatest_error<float>(Function::tangent, tangent, {-1.2, 1.2}), 12 * kFloat);
    EXPECT_LT(greatest_error<double>(Function::tangent, tangent, {-1.2, 1.2}), 12 * kDouble);
    const auto hyperbolic = [](double x, double) { return std::tanh(x); };
    EXPECT_LT(greatest_error<float>(Function::hyperbolic_tangent, hyperbolic, {-30, 30}), 12 * kFloat);
    EXPECT_LT(greatest_error<double>(Function::hyperbolic_tangent, hyperbolic, {-30, 30}), 12 * kDouble);
    EXPECT_LT(greatest_error<double>(Function::hyperbolic_tangent, hyperbolic, {1e-200, 0.1, true}),
              12 * kDouble);
  });
}

}  // namespace
}  // namespace nt::mechanism
#endif
