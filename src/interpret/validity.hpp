#pragma once
#include <optional>
#include <string>

#include "statistics/estimate.hpp"

namespace nt::interpret {

/// A fit says something of what lies within its data. A time constant is believed up to this share of the
/// stretch that it was read from, its interval up to the whole stretch.
inline constexpr double kLongestShare = 0.5;
/// ... down to this: lags are whole milliseconds.
inline constexpr double kShortest_ms = 0.5;
/// ... and where an exponential explains so much of the squares.
inline constexpr double kLeastR2 = 0.8;
/// A stretch of fewer lags fits anything.
inline constexpr size_t kFewestLags = 5;
/// Correlations and slopes of fewer are not written.
inline constexpr size_t kFewestSpikes = 5;

/// An exponential  a exp(-lag/tau)  through a filter.
struct ExponentialFit {
  double amplitude = 0;
  double tau_ms = 0;
  double r2 = 0;
};

/// In words why the time constant of a fit through `lags` values, 1 ms apart, is none; empty if it is one.
/// `resampled`: the time constant with its interval, where there is one.
std::string why_no_time_constant(const ExponentialFit& fit, size_t lags,
                                 const std::optional<statistics::Estimate>& resampled = {});

}  // namespace nt::interpret
