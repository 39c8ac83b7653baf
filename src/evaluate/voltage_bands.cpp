#include "evaluate/detail/voltage_bands.hpp"

#include <fmt/format.h>

#include <cmath>
#include <complex>
#include <limits>
#include <numbers>
#include <unsupported/Eigen/FFT>

namespace nt::evaluate {
namespace {

constexpr size_t kSegment_ms = 1000;

/// Transforms segments of one length.
class Spectrum {
 public:
  explicit Spectrum(size_t length) : segment_(length), window_(length) {
    double squares = 0;
    for (size_t i = 0; i < length; ++i) {
      window_[i] = 1 - std::cos(2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(length));
      squares += window_[i] * window_[i];
    }
    // So that the power of all bands is the variance of the segment under its window.
    for (double& w : window_) w /= std::sqrt(squares * static_cast<double>(length));
  }

  /// Adds the power of x - y from `first` on; y is left out if it is empty.
  void add(std::span<const float> x, std::span<const float> y, size_t first,
           std::array<double, kBands>& power) {
    const size_t n = segment_.size();
    double mean = 0;
    for (size_t i = 0; i < n; ++i) {
      segment_[i] = static_cast<double>(x[first + i]) - (y.empty() ? 0 : static_cast<double>(y[first + i]));
      mean += segment_[i] / static_cast<double>(n);
    }
    for (size_t i = 0; i < n; ++i) segment_[i] = (segment_[i] - mean) * window_[i];
    fft_.fwd(transform_, segment_);
    size_t band = 0;
    for (size_t k = 1; k <= n / 2; ++k) {
      const double hz = 1000 * static_cast<double>(k) / static_cast<double>(n);
      while (band + 1 < kBands && hz >= kBandEdges_hz[band + 1]) ++band;
      // Each frequency but the highest of an even number of samples stands for its negative, too.
      power[band] += (2 * k == n ? 1 : 2) * std::norm(transform_[k]);
    }
  }

 private:
  Eigen::FFT<double> fft_;
  std::vector<double> segment_, window_;
  std::vector<std::complex<double>> transform_;
};

}  // namespace

void BandSums::add(const BandSums& o, double w) {
  for (size_t i = 0; i < kBands; ++i) {
    truth[i] += w * o.truth[i];
    error[i] += w * o.error[i];
  }
}

BandSums band_sums(std::span<const float> truth_mV, std::span<const float> predicted_mV) {
  BandSums sums;
  if (truth_mV.size() < 2) return sums;  // nothing but the frequency 0
  const size_t length = std::min(kSegment_ms, truth_mV.size());
  Spectrum spectrum(length);
  for (size_t first = 0; first + length <= truth_mV.size(); first += std::max<size_t>(length / 2, 1)) {
    spectrum.add(truth_mV, {}, first, sums.truth);
    spectrum.add(predicted_mV, truth_mV, first, sums.error);
  }
  return sums;
}

NamedMetrics band_metrics(const BandSums& sums) {
  NamedMetrics metrics;
  for (size_t i = 0; i < kBands; ++i) {
    // Rounding leaves a constant some power, too.
    const double share =
        sums.truth[i] > 1e-9 ? 1 - sums.error[i] / sums.truth[i] : std::numeric_limits<double>::quiet_NaN();
    metrics.emplace_back(
        fmt::format("soma.power_explained_{}_to_{}_hz", kBandEdges_hz[i], kBandEdges_hz[i + 1]), share);
  }
  return metrics;
}

}  // namespace nt::evaluate
