#include "statistics/bootstrap.hpp"

#include "random/random.hpp"

namespace nt::statistics {

std::vector<float> resampling_weights(size_t items, size_t resamples, uint64_t seed) {
  std::vector<float> weight(items * resamples, 0.0f);
  for (size_t b = 0; b < resamples; ++b) {
    random::Random random(seed, random::Stage::bootstrap, b, random::StreamName::resample);
    for (size_t i = 0; i < items; ++i) {
      const auto drawn = static_cast<size_t>(random.integer(0, static_cast<int64_t>(items) - 1));
      ++weight[drawn * resamples + b];
    }
  }
  return weight;
}

}  // namespace nt::statistics
