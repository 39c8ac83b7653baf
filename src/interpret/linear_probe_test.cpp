#include "interpret/detail/linear_probe.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>

#include "random/random.hpp"

namespace nt::interpret {
namespace {

ProbeSums sums_of(const Eigen::MatrixXd& features, const Eigen::MatrixXd& quantities) {
  ProbeSums sums;
  for (int64_t first = 0; first < features.rows(); first += 500)  // as trials come, part by part
    sums.add(features.middleRows(first, 500), quantities.middleRows(first, 500));
  return sums;
}

Eigen::MatrixXd normal(int64_t rows, int64_t columns, random::Random& random) {
  return Eigen::MatrixXd::NullaryExpr(rows, columns, [&] { return random.normal(); });
}

/// 1 - mean squared error / variance, of each quantity.
Eigen::ArrayXd variance_explained(const Eigen::MatrixXd& predicted, const Eigen::MatrixXd& truth) {
  const Eigen::MatrixXd about_mean = truth.rowwise() - truth.colwise().mean();
  const Eigen::ArrayXd error = (predicted - truth).colwise().squaredNorm();
  return 1 - error / about_mean.colwise().squaredNorm().transpose().array();
}

TEST(ALinearProbe, FindsALinearFunctionOfItsFeaturesAndNotWhatIsIndependentOfThem) {
  random::Random random(1, random::Stage::test_cases, 0, random::StreamName::test_case);
  const int64_t n = 3000;
  const Eigen::VectorXd scale = Eigen::pow(10.0, Eigen::ArrayXd::LinSpaced(12, -2.5, 2.5));
  const Eigen::MatrixXd x = (normal(2 * n, 12, random) * scale.asDiagonal()).array() + 5;
  Eigen::MatrixXd y(2 * n, 3);
  y.col(0) = (x * scale.cwiseInverse()).array() - 70;
  y.col(1) = y.col(0) + std::sqrt(12.0) * normal(2 * n, 1, random);  // half noise
  y.col(2) = normal(2 * n, 1, random);
  const auto probe = fit_probe(sums_of(x.topRows(n / 2), y.topRows(n / 2)),
                               sums_of(x.middleRows(n / 2, n / 2), y.middleRows(n / 2, n / 2)));
  const auto found = variance_explained(probe.predict(x.bottomRows(n)), y.bottomRows(n));
  EXPECT_NEAR(found[0], 1, 1e-8);
  EXPECT_NEAR(found[1], 0.5, 0.04);               // as much noise as signal; 3000 samples
  EXPECT_NEAR(found[2], 0, 0.01);                 // and 12 weights that mean nothing
  EXPECT_GT(probe.penalty[2], probe.penalty[0]);  // the less there is to find, the more cautious
}

TEST(ALinearProbe, TellsApartFeaturesThatAreAlmostTheSame) {
  // Float noise in features nobody can see through does not blow the weights up.
  random::Random random(2, random::Stage::test_cases, 0, random::StreamName::test_case);
  const Eigen::MatrixXd a = normal(4000, 1, random);
  Eigen::MatrixXd x(4000, 3);
  x << a, a + 1e-9 * normal(4000, 1, random), Eigen::MatrixXd::Constant(4000, 1, 3);
  const Eigen::MatrixXd y = 2 * a;
  const auto probe = fit_probe(sums_of(x.topRows(1000), y.topRows(1000)),
                               sums_of(x.middleRows(1000, 1000), y.middleRows(1000, 1000)));
  EXPECT_NEAR(variance_explained(probe.predict(x), y)[0], 1, 1e-8);
  EXPECT_LT(probe.weight.cwiseAbs().maxCoeff(), 3);
  EXPECT_EQ(probe.weight(2, 0), 0);  // a constant says nothing
}

}  // namespace
}  // namespace nt::interpret
