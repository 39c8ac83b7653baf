#include "twin/detail/loss.hpp"

#include <algorithm>
#include <cmath>

namespace nt::twin {

LossTerm cross_entropy(double z, double label) {
  // exp() of what is not positive: neither form can overflow.
  const double e = std::exp(-std::abs(z));
  const double p = z >= 0 ? 1 / (1 + e) : e / (1 + e);
  return {std::max(z, 0.0) - z * label + std::log1p(e), p - label};
}

LossTerm squared_error(double x, double y) {
  return {(x - y) * (x - y), 2 * (x - y)};
}

LossTerm poisson(double log_expected, double count) {
  const double expected = std::exp(log_expected);
  return {expected - count * log_expected, expected - count};
}

double greatest_near(std::span<const float> labels, int64_t at, int64_t reach) {
  const auto first = std::max<int64_t>(0, at - reach), last = std::min(std::ssize(labels), at + reach + 1);
  float greatest = 0;
  for (int64_t i = first; i < last; ++i) greatest = std::max(greatest, labels[i]);
  return static_cast<double>(greatest);
}

GaussianCount::GaussianCount(double sd, int64_t reach) {
  for (int64_t d = -reach; d <= reach; ++d) {
    const double z = static_cast<double>(d) / sd;
    weight_.push_back(std::exp(-0.5 * z * z));
  }
}

double GaussianCount::at(std::span<const float> labels, int64_t bin) const {
  const int64_t reach = (std::ssize(weight_) - 1) / 2;
  double count = 0;
  for (int64_t i = std::max<int64_t>(0, bin - reach); i < std::min(std::ssize(labels), bin + reach + 1); ++i)
    count += weight_[i - bin + reach] * static_cast<double>(labels[i]);
  return count;
}

}  // namespace nt::twin
