#include "twin/temporal_basis.hpp"

#include <algorithm>
#include <cmath>

namespace nt::twin {

TemporalBasis temporal_basis(int64_t taps, int64_t shapes) {
  const auto n = static_cast<size_t>(shapes), length = static_cast<size_t>(taps);
  TemporalBasis basis{shapes, taps, std::vector<double>(n), std::vector<double>(n * n, 0.0),
                      std::vector<double>(n * length)};
  const double longest_ms = std::max(1.0, static_cast<double>(taps) / 2);
  for (size_t r = 0; r < n; ++r) {
    const double share = n > 1 ? static_cast<double>(r) / static_cast<double>(n - 1) : 1;
    basis.decay[r] = std::exp(-1 / std::pow(longest_ms, share));
  }
  // Gram and Schmidt, from the quickest exponential on; twice, since neighbours are nearly parallel.
  for (size_t r = 0; r < n; ++r) {
    double* mixture = &basis.mixture[r * n];
    double* function = &basis.function[r * length];
    mixture[r] = 1;
    for (size_t k = 0; k < length; ++k) function[k] = std::pow(basis.decay[r], static_cast<double>(k));
    for (int pass = 0; pass < 2; ++pass) {
      for (size_t q = 0; q < r; ++q) {
        const double* other = &basis.function[q * length];
        double product = 0;
        for (size_t k = 0; k < length; ++k) product += function[k] * other[k];
        for (size_t k = 0; k < length; ++k) function[k] -= product * other[k];
        for (size_t s = 0; s <= q; ++s) mixture[s] -= product * basis.mixture[q * n + s];
      }
    }
    double square = 0;
    for (size_t k = 0; k < length; ++k) square += function[k] * function[k];
    const double norm = std::sqrt(square);
    for (size_t k = 0; k < length; ++k) function[k] /= norm;
    for (size_t s = 0; s <= r; ++s) mixture[s] /= norm;
  }
  return basis;
}

int64_t most_shapes(int64_t taps) {
  constexpr double kMostAmplified = 100;  // of float's roundings, by the mixture
  int64_t most = 1;
  for (; most < taps; ++most) {
    const auto mixture = temporal_basis(taps, most + 1).mixture;
    if (*std::ranges::max_element(mixture, {}, [](double m) { return std::abs(m); }) > kMostAmplified) break;
  }
  return most;
}

}  // namespace nt::twin
