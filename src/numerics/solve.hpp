#pragma once
#include <optional>
#include <span>
#include <vector>

namespace nt::numerics {

/// The x of  A x = b.  `matrix` is A, [n][n], `right` is b, [n]. By LU decomposition with exchanges of rows
/// (Eigen). Nothing if a pivot is not above `least_pivot` in its absolute value: there is no single solution.
std::optional<std::vector<double>> solve(std::span<const double> matrix, std::span<const double> right,
                                         double least_pivot);

}  // namespace nt::numerics
