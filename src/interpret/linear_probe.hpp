#pragma once
#include <torch/torch.h>

#include <vector>

namespace neurontwin {

/// Sums over samples of features x and quantities y, in double precision: all that a linear regression needs,
/// so that the samples need not be kept.
struct ProbeSums {
  double samples = 0;
  torch::Tensor x, y;        // [feature], [quantity]
  torch::Tensor xx, xy, yy;  // [feature][feature], [feature][quantity], [quantity]

  /// features [sample][feature], quantities [sample][quantity].
  void add(const torch::Tensor& features, const torch::Tensor& quantities);
  void add(const ProbeSums& other);
};

/// A linear map from features to quantities.
struct LinearProbe {
  torch::Tensor weight, intercept;  // [feature][quantity], [quantity]
  std::vector<double> penalty;      // of each quantity

  /// [sample][quantity] of [sample][feature].
  torch::Tensor predict(const torch::Tensor& features) const;
};

/// Ridge regression of each quantity on the features, these in standard deviations (Hoerl and Kennard 1970);
/// the penalty that suits the held-out samples best, then fitted on all. Features that do not vary are not
/// used.
LinearProbe fit_probe(const ProbeSums& fitting, const ProbeSums& held_out);

}  // namespace neurontwin
