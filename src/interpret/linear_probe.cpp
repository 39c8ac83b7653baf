#include "interpret/detail/linear_probe.hpp"

#include <Eigen/Dense>
#include <array>
#include <cmath>

namespace nt::interpret {
namespace {

/// Beside the features' correlations, whose mean eigenvalue is 1.
constexpr std::array<double, 8> kPenalties{1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1};

/// A regression at any penalty: the features' correlations in their eigenvectors.
struct Ridge {
  Eigen::VectorXd mean_x, mean_y, scale_x;  // scale: 1/standard deviation; 0 of what does not vary
  Eigen::VectorXd values;                   // of the correlations
  Eigen::MatrixXd vectors;
  Eigen::MatrixXd target;  // covariance with the quantities, [eigenvector][quantity]

  explicit Ridge(const ProbeSums& s) : mean_x(s.x / s.samples), mean_y(s.y / s.samples) {
    const Eigen::MatrixXd covariance = s.xx / s.samples - mean_x * mean_x.transpose();
    const Eigen::VectorXd variance = covariance.diagonal();
    const double most = variance.maxCoeff();
    scale_x.resize(variance.size());
    for (Eigen::Index i = 0; i < variance.size(); ++i) {
      // What rounding leaves of a constant is far below its square.
      const bool varies = variance[i] > 1e-12 * (mean_x[i] * mean_x[i] + most);
      scale_x[i] = varies ? 1 / std::sqrt(variance[i]) : 0;
    }
    const auto scale = scale_x.asDiagonal();
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> correlations(scale * covariance * scale);
    values = correlations.eigenvalues().cwiseMax(0);
    vectors = correlations.eigenvectors();
    target = vectors.transpose() * (scale * (s.xy / s.samples - mean_x * mean_y.transpose()));
  }

  LinearProbe at(double penalty) const {
    const Eigen::VectorXd shrunk = (values.array() + penalty).inverse();
    Eigen::MatrixXd weight = scale_x.asDiagonal() * (vectors * (shrunk.asDiagonal() * target));
    Eigen::VectorXd intercept = mean_y - weight.transpose() * mean_x;
    return {std::move(weight), std::move(intercept), {}};
  }
};

/// Sums of squared errors of each quantity.
Eigen::ArrayXd squared_errors(const LinearProbe& p, const ProbeSums& s) {
  const auto intercept = p.intercept.array();
  const Eigen::ArrayXd constant = s.yy.array() - 2 * intercept * s.y.array() + s.samples * intercept.square();
  const Eigen::ArrayXd linear = p.weight.cwiseProduct(s.xy - s.x * p.intercept.transpose()).colwise().sum();
  const Eigen::ArrayXd square = p.weight.cwiseProduct(s.xx * p.weight).colwise().sum();
  return constant - 2 * linear + square;
}

}  // namespace

void ProbeSums::add(const Eigen::MatrixXd& features, const Eigen::MatrixXd& quantities) {
  add(ProbeSums{static_cast<double>(features.rows()), features.colwise().sum(), quantities.colwise().sum(),
                features.transpose() * features, features.transpose() * quantities,
                quantities.colwise().squaredNorm()});
}

void ProbeSums::add(const ProbeSums& other) {
  if (samples == 0) {
    *this = other;
    return;
  }
  samples += other.samples;
  x += other.x;
  y += other.y;
  xx += other.xx;
  xy += other.xy;
  yy += other.yy;
}

Eigen::MatrixXd LinearProbe::predict(const Eigen::MatrixXd& features) const {
  return (features * weight).rowwise() + intercept.transpose();
}

LinearProbe fit_probe(const ProbeSums& fitting, const ProbeSums& held_out) {
  const Ridge part(fitting);
  Eigen::ArrayXXd errors(fitting.y.size(), std::ssize(kPenalties));  // [quantity][penalty]
  for (Eigen::Index i = 0; i < errors.cols(); ++i)
    errors.col(i) = squared_errors(part.at(kPenalties[i]), held_out);
  auto all = fitting;
  all.add(held_out);
  const Ridge whole(all);
  LinearProbe probe{all.xy, all.y, {}};
  for (Eigen::Index q = 0; q < all.y.size(); ++q) {
    Eigen::Index best = 0;
    errors.row(q).minCoeff(&best);
    probe.penalty.push_back(kPenalties[best]);
    const auto chosen = whole.at(probe.penalty.back());
    probe.weight.col(q) = chosen.weight.col(q);
    probe.intercept[q] = chosen.intercept[q];
  }
  return probe;
}

}  // namespace nt::interpret
