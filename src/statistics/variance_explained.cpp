#include "statistics/variance_explained.hpp"

#include <limits>

namespace nt::statistics {

void ErrorSums::add(const ErrorSums& o, double w) {
  n += w * o.n;
  y += w * o.y;
  y2 += w * o.y2;
  e2 += w * o.e2;
}

double variance_explained(double mean_squared_error, double variance, double least_variance) {
  return variance > least_variance ? 1 - mean_squared_error / variance
                                   : std::numeric_limits<double>::quiet_NaN();
}

double variance_explained(const ErrorSums& s, double least_variance) {
  const double mean = s.y / s.n;
  return variance_explained(s.e2 / s.n, s.y2 / s.n - mean * mean, least_variance);
}

}  // namespace nt::statistics
