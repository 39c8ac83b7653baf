#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace neurontwin {

/// Weights [item][resample]: how often each of `items` (trials, synapses) is drawn when as many are drawn
/// with replacement.
std::vector<float> resampling_weights(size_t items, size_t resamples, uint64_t seed);

/// Tells `use` of the weighted sum of each resample, by `weight` [item][resample]. `Sums` has
/// add(other, weight).
template <class Sums, class F>
void for_each_resample(std::span<const Sums> items, std::span<const float> weight, size_t resamples,
                       F&& use) {
  for (size_t b = 0; b < resamples; ++b) {
    Sums drawn;
    for (size_t i = 0; i < items.size(); ++i) {
      if (const float w = weight[i * resamples + b]; w > 0) drawn.add(items[i], static_cast<double>(w));
    }
    use(drawn);
  }
}

/// The interval that holds `confidence` of the values, tails equal (percentile bootstrap, Efron 1979). NaNs
/// are left out.
std::pair<double, double> percentile_interval(std::vector<double> values, double confidence);

}  // namespace neurontwin
