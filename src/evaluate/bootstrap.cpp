#include "evaluate/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "random/random.hpp"

namespace neurontwin {

std::vector<float> resampling_weights(size_t items, size_t resamples, uint64_t seed) {
  std::vector<float> weight(items * resamples, 0.0f);
  for (size_t b = 0; b < resamples; ++b) {
    Random random(seed, Stage::bootstrap, b, StreamName::resample);
    for (size_t i = 0; i < items; ++i) {
      const auto drawn = static_cast<size_t>(random.integer(0, static_cast<int64_t>(items) - 1));
      ++weight[drawn * resamples + b];
    }
  }
  return weight;
}

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

}  // namespace neurontwin
