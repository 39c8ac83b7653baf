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

/// The interval that holds `confidence` of the values, tails equal (percentile bootstrap, Efron 1979). NaNs
/// are left out.
std::pair<double, double> percentile_interval(std::vector<double> values, double confidence);

}  // namespace neurontwin
