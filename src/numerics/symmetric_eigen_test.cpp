#include "numerics/symmetric_eigen.hpp"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "random/random.hpp"

namespace nt::numerics {
namespace {

TEST(SymmetricEigen, VectorsAreOrthonormalAndStretchedByTheirValues) {
  constexpr size_t n = 60;
  random::Random random(1, random::Stage::test_cases, 0, random::StreamName::test_case);
  std::vector<double> a(n * n);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j <= i; ++j) a[i * n + j] = a[j * n + i] = random.normal();
  const auto eigen = symmetric_eigen(a, n);
  EXPECT_TRUE(std::ranges::is_sorted(eigen.values, std::greater<>()));
  for (size_t k = 0; k < n; ++k) {
    const double* v = &eigen.vectors[k * n];
    for (size_t i = 0; i < n; ++i) {
      double stretched = 0;
      for (size_t j = 0; j < n; ++j) stretched += a[i * n + j] * v[j];
      ASSERT_NEAR(stretched, eigen.values[k] * v[i], 1e-11);
    }
    for (size_t l = 0; l < n; ++l) {
      double product = 0;
      for (size_t j = 0; j < n; ++j) product += v[j] * eigen.vectors[l * n + j];
      ASSERT_NEAR(product, k == l, 1e-12);
    }
  }
}

TEST(SymmetricEigen, FindsWhatEigenFinds) {
  constexpr size_t n = 40;
  random::Random random(3, random::Stage::test_cases, 0, random::StreamName::test_case);
  Eigen::MatrixXd a(n, n);
  for (auto& x : a.reshaped()) x = random.normal();
  a = (a * a.transpose()).eval();  // as a covariance is: no eigenvalue below zero
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> judge(a);
  const auto eigen = symmetric_eigen({a.data(), a.data() + n * n}, n);
  for (size_t k = 0; k < n; ++k) {
    const auto column = static_cast<Eigen::Index>(n - 1 - k);  // Eigen's largest comes last
    EXPECT_NEAR(eigen.values[k], judge.eigenvalues()[column], 1e-12 * judge.eigenvalues().maxCoeff());
    Eigen::VectorXd v = judge.eigenvectors().col(column);
    Eigen::Index peak = 0;
    v.cwiseAbs().maxCoeff(&peak);
    if (v[peak] < 0) v = -v;
    for (size_t i = 0; i < n; ++i)
      EXPECT_NEAR(eigen.vectors[k * n + i], v[static_cast<Eigen::Index>(i)], 1e-10);
  }
}

TEST(SymmetricEigen, OfADiagonalMatrixAreItsElementsInOrder) {
  const auto eigen = symmetric_eigen({2, 0, 0, 0, -1, 0, 0, 0, 5}, 3);
  EXPECT_EQ(eigen.values, (std::vector<double>{5, 2, -1}));
  EXPECT_EQ(eigen.vectors, (std::vector<double>{0, 0, 1, 1, 0, 0, 0, 1, 0}));
}

}  // namespace
}  // namespace nt::numerics
