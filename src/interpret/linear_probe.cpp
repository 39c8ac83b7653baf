#include "interpret/linear_probe.hpp"

#include <array>
#include <limits>

namespace neurontwin {
namespace {

/// Beside the features' correlations, whose mean eigenvalue is 1.
constexpr std::array<double, 8> kPenalties{1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1};

/// A regression at any penalty: the features' correlations in their eigenvectors.
struct Ridge {
  torch::Tensor mean_x, mean_y, scale_x;  // scale: 1/standard deviation; 0 of what does not vary
  torch::Tensor values, vectors;          // of the correlations
  torch::Tensor target;                   // covariance with the quantities, [eigenvector][quantity]

  explicit Ridge(const ProbeSums& s) : mean_x(s.x / s.samples), mean_y(s.y / s.samples) {
    const auto covariance = s.xx / s.samples - torch::outer(mean_x, mean_x);
    const auto variance = covariance.diagonal();
    // What rounding leaves of a constant is far below its square.
    const auto varies = variance > 1e-12 * (mean_x * mean_x + variance.max());
    scale_x = torch::where(varies, variance.clamp_min(std::numeric_limits<double>::min()).rsqrt(),
                           torch::zeros_like(variance));
    std::tie(values, vectors) = torch::linalg_eigh(scale_x.unsqueeze(1) * covariance * scale_x);
    values = values.clamp_min(0);
    target = vectors.t().matmul(scale_x.unsqueeze(1) * (s.xy / s.samples - torch::outer(mean_x, mean_y)));
  }

  LinearProbe at(double penalty) const {
    const auto weight = scale_x.unsqueeze(1) * vectors.matmul(target / (values + penalty).unsqueeze(1));
    return {weight, mean_y - mean_x.matmul(weight), {}};
  }
};

/// Sums of squared errors of each quantity.
torch::Tensor squared_errors(const LinearProbe& p, const ProbeSums& s) {
  const auto constant = s.yy - 2 * p.intercept * s.y + s.samples * p.intercept * p.intercept;
  const auto linear = (p.weight * (s.xy - s.x.unsqueeze(1) * p.intercept)).sum(0);
  const auto square = (p.weight * s.xx.matmul(p.weight)).sum(0);
  return constant - 2 * linear + square;
}

}  // namespace

void ProbeSums::add(const torch::Tensor& features, const torch::Tensor& quantities) {
  const auto fx = features.to(torch::kFloat64), fy = quantities.to(torch::kFloat64);
  add(ProbeSums{static_cast<double>(fx.size(0)), fx.sum(0), fy.sum(0), fx.t().matmul(fx), fx.t().matmul(fy),
                (fy * fy).sum(0)});
}

void ProbeSums::add(const ProbeSums& other) {
  if (samples == 0) {
    *this = other;
    return;
  }
  samples += other.samples;
  x = x + other.x;
  y = y + other.y;
  xx = xx + other.xx;
  xy = xy + other.xy;
  yy = yy + other.yy;
}

torch::Tensor LinearProbe::predict(const torch::Tensor& features) const {
  return features.to(torch::kFloat64).matmul(weight) + intercept;
}

LinearProbe fit_probe(const ProbeSums& fitting, const ProbeSums& held_out) {
  const Ridge part(fitting);
  std::vector<torch::Tensor> errors;
  for (const double penalty : kPenalties) errors.push_back(squared_errors(part.at(penalty), held_out));
  const auto best = torch::stack(errors).argmin(0).contiguous();  // [quantity]
  auto all = fitting;
  all.add(held_out);
  const Ridge whole(all);
  LinearProbe probe{torch::zeros_like(all.xy), torch::zeros_like(all.y), {}};
  for (int64_t q = 0; q < all.y.size(0); ++q) {
    probe.penalty.push_back(kPenalties[static_cast<size_t>(best[q].item<int64_t>())]);
    const auto chosen = whole.at(probe.penalty.back());
    probe.weight.select(1, q).copy_(chosen.weight.select(1, q));
    probe.intercept[q].copy_(chosen.intercept[q]);
  }
  return probe;
}

}  // namespace neurontwin
