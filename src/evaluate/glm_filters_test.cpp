#include "evaluate/detail/glm_filters.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "random/random.hpp"

namespace nt::evaluate {
namespace {

constexpr size_t kMs = 300, kChannels = 7;

/// From none to a dozen spikes in a bin, several of one channel among them.
std::vector<Spike> random_spikes(random::Random& random) {
  std::vector<Spike> spikes;
  for (size_t t = 0; t < kMs; ++t) {
    const auto count = random.integer(0, t % 5 == 0 ? 0 : 12);
    for (int64_t k = 0; k < count; ++k)
      spikes.push_back({static_cast<uint32_t>(t), static_cast<uint32_t>(random.integer(0, kChannels - 1))});
  }
  return spikes;
}

std::vector<float> random_numbers(random::Random& random, size_t count) {
  std::vector<float> numbers;
  for (size_t i = 0; i < count; ++i) numbers.push_back(static_cast<float>(random.uniform() - 0.5));
  return numbers;
}

/// Those after the last channel are zero.
std::vector<float> random_weights(random::Random& random) {
  auto weight = random_numbers(random, kChannels * kGlmFilters);
  weight.resize(glm_rows(kChannels) * kGlmFilters, 0);
  return weight;
}

constexpr GlmDecays kDecay{0.37f, 0.6f, 0.8f, 0.9f, 0.95f, 0.98f, 0.99f, 0.995f};

double kernel(size_t filter, size_t lag) {
  return std::pow(static_cast<double>(kDecay[filter]), static_cast<double>(lag));
}

TEST(GlmFilters, SumEveryPastSpikeByItsLag) {
  random::Random random(1, random::Stage::test_cases, 0, random::StreamName::test_case);
  const auto spikes = random_spikes(random);
  const auto weight = random_weights(random);
  std::vector<float> value(kMs);
  glm_forward(glm_events(spikes, kMs, kChannels), kDecay, weight, -2.5f, value);
  for (size_t t = 0; t < kMs; ++t) {
    double expected = -2.5;
    for (const auto& spike : spikes) {
      for (size_t f = 0; f < kGlmFilters && spike.ms <= t; ++f)
        expected += static_cast<double>(weight[spike.channel * kGlmFilters + f]) * kernel(f, t - spike.ms);
    }
    // Sums of a few hundred terms of up to a half, in float.
    EXPECT_NEAR(value[t], expected, 5e-5) << t;
  }
}

TEST(GlmFilters, RunBackwardsGiveTheGradientOfEveryWeight) {
  random::Random random(2, random::Stage::test_cases, 0, random::StreamName::test_case);
  const auto spikes = random_spikes(random);
  const auto residual = random_numbers(random, kMs);
  std::vector<float> gradient(glm_rows(kChannels) * kGlmFilters, 1);  // is added to
  glm_backward(glm_events(spikes, kMs, kChannels), kDecay, residual, gradient);
  for (size_t c = 0; c < kChannels; ++c) {
    for (size_t f = 0; f < kGlmFilters; ++f) {
      double expected = 1;
      for (const auto& spike : spikes) {
        for (size_t t = spike.ms; t < kMs && spike.channel == c; ++t)
          expected += static_cast<double>(residual[t]) * kernel(f, t - spike.ms);
      }
      EXPECT_NEAR(gradient[c * kGlmFilters + f], expected, 1e-3) << c << " " << f;
    }
  }
}

}  // namespace
}  // namespace nt::evaluate
