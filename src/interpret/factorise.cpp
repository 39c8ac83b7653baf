#include "interpret/factorise.hpp"

#include <limits>

#include "random/random.hpp"

namespace neurontwin {
namespace {

constexpr double kTiny = 1e-12;  // keeps quotients finite
constexpr int64_t kStepsBetweenLooks = 10;

torch::Tensor drawn(int64_t rows, int64_t columns, double scale, Random& random) {
  auto values = torch::empty({rows, columns}, torch::kFloat64);
  for (int64_t i = 0; i < values.numel(); ++i) values.data_ptr<double>()[i] = scale * random.uniform();
  return values;
}

Factorisation from_one_start(const torch::Tensor& values, double squares, int64_t parts, Random random,
                             int64_t most_steps) {
  const double scale = std::sqrt(values.mean().item<double>() / static_cast<double>(parts)) + kTiny;
  auto loading = drawn(values.size(0), parts, 2 * scale, random),
       pattern = drawn(parts, values.size(1), 2 * scale, random);
  double before = std::numeric_limits<double>::infinity(), unexplained = before;
  for (int64_t step = 0; step < most_steps; ++step) {
    pattern *= loading.t().matmul(values) / (loading.t().matmul(loading).matmul(pattern) + kTiny);
    loading *= values.matmul(pattern.t()) / (loading.matmul(pattern.matmul(pattern.t())) + kTiny);
    if ((step + 1) % kStepsBetweenLooks != 0) continue;
    unexplained = (values - loading.matmul(pattern)).square().sum().item<double>() / squares;
    if (before - unexplained < 1e-6 * static_cast<double>(kStepsBetweenLooks)) break;
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
        exact, squares, parts, Random(seed, Stage::interpretation, static_cast<uint64_t>(s), 10), most_steps);
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
