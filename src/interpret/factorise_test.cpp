#include "interpret/detail/factorise.hpp"

#include <gtest/gtest.h>

#include "random/random.hpp"

namespace nt::interpret {
namespace {

TEST(Factorise, FindsTwoPatternsThatMakeUpEverything) {
  Eigen::MatrixXd pattern = Eigen::MatrixXd::Zero(2, 12);
  for (int64_t i = 0; i < 6; ++i) {
    pattern(0, i) = static_cast<double>(i + 1);
    pattern(1, 11 - i) = 1;
  }
  random::Random random(1, random::Stage::test_cases, 0, random::StreamName::test_case);
  Eigen::MatrixXd loading = Eigen::MatrixXd::Zero(30, 2);
  for (int64_t r = 0; r < 30; ++r) loading(r, r % 3 == 0 ? 1 : 0) = 1 + random.uniform();
  const auto found = factorise(loading * pattern, 2, 1, 3, 2000);
  EXPECT_LT(found.unexplained, 1e-4);
  // Twenty rows of the larger pattern come first.
  const Eigen::MatrixXd similarity = found.pattern * pattern.rowwise().normalized().transpose();
  EXPECT_GT(similarity(0, 0), 0.999);
  EXPECT_GT(similarity(1, 1), 0.999);
  EXPECT_GE(found.loading.minCoeff(), 0);
}

TEST(Factorise, IsTheSameEveryTimeAndKnowsNothingOfZeros) {
  const Eigen::MatrixXd values = Eigen::VectorXd::LinSpaced(20, 0, 19).reshaped<Eigen::RowMajor>(4, 5);
  EXPECT_EQ(factorise(values, 2, 7).loading, factorise(values, 2, 7).loading);
  const auto nothing = factorise(Eigen::MatrixXd::Zero(4, 5), 2, 7);
  EXPECT_EQ(nothing.unexplained, 0);
  EXPECT_EQ(nothing.loading.sum(), 0);
}

}  // namespace
}  // namespace nt::interpret
