#pragma once
#include <array>
#include <span>

#include "evaluate/scores.hpp"

namespace nt::evaluate {

/// Bands of frequencies, each from one edge to below the next; of the first without the frequency 0, in the
/// last with its end, which is the highest that samples of 1 ms have.
inline constexpr std::array<int, 6> kBandEdges_hz{0, 4, 13, 30, 100, 500};
inline constexpr size_t kBands = kBandEdges_hz.size() - 1;

/// Power of a trial's voltage in each band, and that of its prediction's error, mV^2 times segments.
struct BandSums {
  std::array<double, kBands> truth{}, error{};
  void add(const BandSums& other, double weight);
};

/// By Welch's method (Welch 1967): Hann windows on segments of 1 s that overlap by half, each less its mean.
/// A trial shorter than that is one segment. Both are at 1 ms and of the same length.
BandSums band_sums(std::span<const float> truth_mV, std::span<const float> predicted_mV);

/// "soma.power_explained_LOW_to_HIGH_hz": 1 - power of the error / power of the voltage, in each band. NaN of
/// a band in which the voltage has no power.
NamedMetrics band_metrics(const BandSums& sums);

}  // namespace nt::evaluate
