#pragma once

namespace nt::statistics {

/// Sums over samples of a quantity's true value y, its square, and the square of a prediction's error e.
struct ErrorSums {
  double n = 0, y = 0, y2 = 0, e2 = 0;

  void add(const ErrorSums& other, double weight);
};

/// Rounding leaves a constant a variance, too: what is below this (in squares of mV, of counts) is none.
inline constexpr double kLeastVariance = 1e-9;

/// 1 - mean squared error / variance; NaN of what does not vary by more than `least_variance`.
double variance_explained(double mean_squared_error, double variance, double least_variance = kLeastVariance);
/// The same with the variance about the mean of the samples.
double variance_explained(const ErrorSums& sums, double least_variance = kLeastVariance);

}  // namespace nt::statistics
