#include "interpret/validity.hpp"

#include <fmt/format.h>

#include <cmath>

namespace nt::interpret {

std::string why_no_time_constant(const ExponentialFit& fit, size_t lags,
                                 const std::optional<statistics::Estimate>& resampled) {
  if (!std::isfinite(fit.tau_ms)) return "zero throughout";
  if (lags < kFewestLags) return fmt::format("only {} ms to read it from", lags);
  if (fit.r2 < kLeastR2)
    return fmt::format("no exponential: one explains {:.0f} % of it", 100 * std::fmax(fit.r2, 0.0));
  const auto stretch_ms = static_cast<double>(lags), longest_ms = kLongestShare * stretch_ms;
  if (fit.tau_ms > longest_ms)
    return fmt::format("longer than {:g} ms, half of the {:g} ms it is read from", longest_ms, stretch_ms);
  if (fit.tau_ms < kShortest_ms) return fmt::format("shorter than {:g} ms", kShortest_ms);
  if (!resampled) return {};
  if (!std::isfinite(resampled->low) || !std::isfinite(resampled->high)) return "its interval has no end";
  if (resampled->high > stretch_ms)
    return fmt::format("not told from more than the {:g} ms it is read from", stretch_ms);
  return {};
}

}  // namespace nt::interpret
