#include "interpret/factorise.hpp"

#include <algorithm>
#include <limits>

#include "random/random.hpp"

namespace neurontwin {
namespace {

constexpr double kTiny = 1e-12;  // keeps quotients finite
constexpr int64_t kStepsBetweenLooks = 10;

/// A row drawn by its weight.
int64_t drawn_row(const torch::Tensor& weight, Random& random) {
  const auto sum = weight.cumsum(0);
  const double at = random.uniform() * sum[-1].item<double>();
  return std::min((sum < at).sum().item<int64_t>(), weight.size(0) - 1);
}

/// Patterns to start from: rows, drawn by what the patterns before leave of them, so that a faint pattern is
/// not overlooked beside a strong one. A little of everything is added: what is zero stays zero.
torch::Tensor first_patterns(const torch::Tensor& values, int64_t parts, Random& random) {
  auto left = values.clone();
  std::vector<torch::Tensor> patterns;
  for (int64_t k = 0; k < parts; ++k) {
    const auto of_row = left.square().sum(1);
    const auto row = values[drawn_row(of_row + kTiny, random)];
    const auto direction = row / (row.norm() + kTiny);
    left = left - left.matmul(direction).unsqueeze(1) * direction;
    patterns.push_back(direction + 0.01 * values.mean() / (values.norm() + kTiny) + kTiny);
  }
  return torch::stack(patterns);
}

Factorisation from_one_start(const torch::Tensor& values, double squares, int64_t parts, Random random,
                             int64_t most_steps) {
  auto pattern = first_patterns(values, parts, random);
  auto loading = values.matmul(pattern.t()) / (pattern.matmul(pattern.t()).sum(1) + kTiny) + kTiny;
  double before = std::numeric_limits<double>::infinity(), unexplained = before;
  for (int64_t step = 0; step < most_steps; ++step) {
    pattern *= loading.t().matmul(values) / (loading.t().matmul(loading).matmul(pattern) + kTiny);
    loading *= values.matmul(pattern.t()) / (loading.matmul(pattern.matmul(pattern.t())) + kTiny);
    if ((step + 1) % kStepsBetweenLooks != 0) continue;
    unexplained = (values - loading.matmul(pattern)).square().sum().item<double>() / squares;
    if (before - unexplained < 1e-4 * unexplained + 1e-9) break;
    before = unexplained;
  }
  return {loading, pattern, unexplained};
}

}  // namespace

Factorisation factorise(const torch::Tensor& values, int64_t parts, uint64_t seed, int starts,
                        int64_t most_steps) {
  const auto exact = values.to(torch::kFloat64).contiguous();
  const double squares = exact.square().sum().item<double>();
  if (squares == 0)
    return {torch::zeros({values.size(0), parts}, torch::kFloat64),
            torch::zeros({parts, values.size(1)}, torch::kFloat64), 0};
  Factorisation best;
  for (int s = 0; s < starts; ++s) {
    auto found = from_one_start(
        exact, squares, parts,
        Random(seed, Stage::interpretation, static_cast<uint64_t>(s), StreamName::first_patterns),
        most_steps);
    if (s == 0 || found.unexplained < best.unexplained) best = std::move(found);
  }
  const auto norm = best.pattern.norm(2, {1}, true) + kTiny;
  best.pattern = best.pattern / norm;
  best.loading = best.loading * norm.t();
  const auto order = best.loading.square().sum(0).argsort(0, true);
  best.pattern = best.pattern.index_select(0, order).contiguous();
  best.loading = best.loading.index_select(1, order).contiguous();
  return best;
}

}  // namespace neurontwin
