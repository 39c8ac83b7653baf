#include "statistics/estimate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nt::statistics {

std::pair<double, double> percentile_interval(std::vector<double> values, double confidence) {
  std::erase_if(values, [](double x) { return std::isnan(x); });
  if (values.empty())
    return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  std::sort(values.begin(), values.end());
  const auto at = [&](double quantile) {
    const double place = quantile * static_cast<double>(values.size() - 1);
    const auto i = static_cast<size_t>(place);
    const double part = place - static_cast<double>(i);
    return i + 1 < values.size() ? values[i] * (1 - part) + values[i + 1] * part : values[i];
  };
  return {at((1 - confidence) / 2), at((1 + confidence) / 2)};
}

Estimate estimate(double value, std::vector<double> resampled, double confidence) {
  const auto [low, high] = percentile_interval(std::move(resampled), confidence);
  return {value, low, high};
}

Estimate estimate(Resampled of, double confidence) {
  return estimate(of.value, std::move(of.resampled), confidence);
}

}  // namespace nt::statistics
