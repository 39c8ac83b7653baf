#include "numerics/solve.hpp"

#include <Eigen/LU>

namespace nt::numerics {

std::optional<std::vector<double>> solve(std::span<const double> matrix, std::span<const double> right,
                                         double least_pivot) {
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto n = std::ssize(right);
  const Eigen::PartialPivLU<Eigen::MatrixXd> lu(Eigen::Map<const Rows>(matrix.data(), n, n));
  if (!(lu.matrixLU().diagonal().cwiseAbs().minCoeff() > least_pivot)) return {};
  const Eigen::VectorXd x = lu.solve(Eigen::Map<const Eigen::VectorXd>(right.data(), n));
  return std::vector<double>(x.begin(), x.end());
}

}  // namespace nt::numerics
