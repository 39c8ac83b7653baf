#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/estimate.hpp"

namespace nt::statistics {

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

/// What `value_of` says of the sum of all items, and of the weighted sum of each resample.
template <class Sums, class F>
Resampled resampled_value(std::span<const Sums> items, std::span<const float> weight, size_t resamples,
                          F&& value_of) {
  Sums all;
  for (const auto& item : items) all.add(item, 1);
  Resampled out{value_of(all), {}};
  for_each_resample(items, weight, resamples,
                    [&](const Sums& drawn) { out.resampled.push_back(value_of(drawn)); });
  return out;
}

}  // namespace nt::statistics
