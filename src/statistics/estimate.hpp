#pragma once
#include <utility>
#include <vector>

namespace nt::statistics {

/// A value, and the interval that its data leave it.
struct Estimate {
  double value = 0, low = 0, high = 0;
};

/// A value of some data, and of each of their resamples (bootstrap.hpp).
struct Resampled {
  double value = 0;  // NaN where there is nothing to measure
  std::vector<double> resampled;
};

inline constexpr double kConfidence = 0.95;

/// The interval that holds `confidence` of the values, tails equal (percentile bootstrap, Efron 1979). NaNs
/// are left out; without other values both ends are NaN.
std::pair<double, double> percentile_interval(std::vector<double> values, double confidence);

/// A value with the interval that holds `confidence` of its resamples, as percentile_interval() has it.
Estimate estimate(double value, std::vector<double> resampled, double confidence = kConfidence);
Estimate estimate(Resampled of, double confidence = kConfidence);

}  // namespace nt::statistics
