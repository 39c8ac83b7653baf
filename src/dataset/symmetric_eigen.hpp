#pragma once
#include <cstddef>
#include <vector>

namespace neurontwin {

/// Eigenvalues of a symmetric matrix, the largest first, and the eigenvectors that belong to them:
/// orthonormal, one a row, each with its largest element positive.
struct SymmetricEigen {
  std::vector<double> values;   // [n]
  std::vector<double> vectors;  // [n][n]
};

/// `matrix`: [n][n]. Jacobi's method: rotations in pairs of rows until nothing off the diagonal is left to
/// rounding (Golub and Van Loan, Matrix Computations, 8.5).
SymmetricEigen symmetric_eigen(std::vector<double> matrix, size_t n);

}  // namespace neurontwin
