#include "interpret/detail/factorise.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "random/random.hpp"

namespace nt::interpret {
namespace {

constexpr double kTiny = 1e-12;  // keeps quotients finite
constexpr int64_t kStepsBetweenLooks = 10;

/// A row drawn by its weight.
Eigen::Index drawn_row(const Eigen::VectorXd& weight, random::Random& random) {
  Eigen::VectorXd sum(weight.size());
  std::partial_sum(weight.begin(), weight.end(), sum.begin());
  const double at = random.uniform() * sum[sum.size() - 1];
  return std::min<Eigen::Index>((sum.array() < at).count(), weight.size() - 1);
}

/// Patterns to start from: rows, drawn by what the patterns before leave of them, so that a faint pattern is
/// not overlooked beside a strong one. A little of everything is added: what is zero stays zero.
Eigen::MatrixXd first_patterns(const Eigen::MatrixXd& values, int64_t parts, random::Random& random) {
  Eigen::MatrixXd left = values, patterns(parts, values.cols());
  const double little = 0.01 * values.mean() / (values.norm() + kTiny) + kTiny;
  for (int64_t k = 0; k < parts; ++k) {
    const Eigen::VectorXd of_row = left.rowwise().squaredNorm().array() + kTiny;
    const Eigen::RowVectorXd row = values.row(drawn_row(of_row, random));
    const Eigen::RowVectorXd direction = row / (row.norm() + kTiny);
    const Eigen::VectorXd along = left * direction.transpose();
    left.noalias() -= along * direction;
    patterns.row(k) = direction.array() + little;
  }
  return patterns;
}

Factorisation from_one_start(const Eigen::MatrixXd& values, double squares, int64_t parts,
                             random::Random random, int64_t most_steps) {
  Eigen::MatrixXd pattern = first_patterns(values, parts, random);
  Eigen::MatrixXd products = pattern * pattern.transpose();
  const Eigen::VectorXd sums = products.rowwise().sum().array() + kTiny;
  Eigen::MatrixXd loading = (values * pattern.transpose() * sums.cwiseInverse().asDiagonal()).array() + kTiny;
  double before = std::numeric_limits<double>::infinity(), unexplained = before;
  for (int64_t step = 0; step < most_steps; ++step) {
    products = loading.transpose() * loading;
    pattern.array() *= (loading.transpose() * values).array() / ((products * pattern).array() + kTiny);
    products = pattern * pattern.transpose();
    loading.array() *= (values * pattern.transpose()).array() / ((loading * products).array() + kTiny);
    if ((step + 1) % kStepsBetweenLooks != 0) continue;
    unexplained = (values - loading * pattern).squaredNorm() / squares;
    if (before - unexplained < 1e-4 * unexplained + 1e-9) break;
    before = unexplained;
  }
  return {std::move(loading), std::move(pattern), unexplained};
}

}  // namespace

Factorisation factorise(const Eigen::MatrixXd& values, int64_t parts, uint64_t seed, int starts,
                        int64_t most_steps) {
  const double squares = values.squaredNorm();
  if (squares == 0)
    return {Eigen::MatrixXd::Zero(values.rows(), parts), Eigen::MatrixXd::Zero(parts, values.cols()), 0};
  Factorisation best;
  for (int s = 0; s < starts; ++s) {
    auto found = from_one_start(values, squares, parts,
                                random::Random(seed, random::Stage::interpretation, static_cast<uint64_t>(s),
                                               random::StreamName::first_patterns),
                                most_steps);
    if (s == 0 || found.unexplained < best.unexplained) best = std::move(found);
  }
  const Eigen::VectorXd norm = best.pattern.rowwise().norm().array() + kTiny;
  const Eigen::MatrixXd loading = best.loading * norm.asDiagonal();
  const Eigen::MatrixXd pattern = norm.cwiseInverse().asDiagonal() * best.pattern;
  const Eigen::VectorXd size = loading.colwise().squaredNorm();
  std::vector<Eigen::Index> order(parts);
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](Eigen::Index a, Eigen::Index b) { return size[a] > size[b]; });
  best.loading = loading(Eigen::all, order);
  best.pattern = pattern(order, Eigen::all);
  return best;
}

}  // namespace nt::interpret
