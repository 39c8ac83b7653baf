#pragma once
#include <Eigen/Core>
#include <vector>

namespace nt::interpret {

/// Sums over samples of features x and quantities y: all that a linear regression needs, so that the samples
/// need not be kept.
struct ProbeSums {
  double samples = 0;
  Eigen::VectorXd x, y;    // [feature], [quantity]
  Eigen::MatrixXd xx, xy;  // [feature][feature], [feature][quantity]
  Eigen::VectorXd yy;      // [quantity]

  /// features [sample][feature], quantities [sample][quantity].
  void add(const Eigen::MatrixXd& features, const Eigen::MatrixXd& quantities);
  void add(const ProbeSums& other);
};

/// A linear map from features to quantities.
struct LinearProbe {
  Eigen::MatrixXd weight;       // [feature][quantity]
  Eigen::VectorXd intercept;    // [quantity]
  std::vector<double> penalty;  // of each quantity

  /// [sample][quantity] of [sample][feature].
  Eigen::MatrixXd predict(const Eigen::MatrixXd& features) const;
};

/// Ridge regression of each quantity on the features, these in standard deviations (Hoerl and Kennard 1970);
/// the penalty that suits the held-out samples best, then fitted on all. Features that do not vary are not
/// used.
LinearProbe fit_probe(const ProbeSums& fitting, const ProbeSums& held_out);

}  // namespace nt::interpret
