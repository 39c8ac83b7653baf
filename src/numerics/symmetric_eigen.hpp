#pragma once
#include <cstddef>
#include <vector>

namespace nt::numerics {

/// Eigenvalues of a symmetric matrix, the largest first, and the eigenvectors that belong to them:
/// orthonormal, one a row, each with its largest element positive.
struct SymmetricEigen {
  std::vector<double> values;   // [n]
  std::vector<double> vectors;  // [n][n]
};

/// `matrix`: [n][n]. Jacobi's method: rotations in pairs of rows until nothing off the diagonal is left to
/// rounding (Golub and Van Loan, Matrix Computations, 8.5). Our own, not Eigen's, whose last digits depend on
/// the SIMD instructions that it is compiled for, and with them would the bits of a data set
/// (produce/dendritic_basis); the price is 8 s instead of 0.3 s for 639 compartments.
SymmetricEigen symmetric_eigen(std::vector<double> matrix, size_t n);

}  // namespace nt::numerics
