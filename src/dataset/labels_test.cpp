#include "dataset/labels.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace nt::dataset {
namespace {

TEST(RoundedToHalf, IsTheNearestOfTheSixteenBitFloats) {
  // Spacings of the format: 1/8 from 128 on, 1 from 1024, 2 from 2048, 4 from 4096; of two neighbours the
  // even one.
  const std::pair<float, float> cases[] = {
      {0, 0},           {0.125f, 0.125f}, {255.875f, 255.875f}, {256.125f, 256.0f}, {1023.5f, 1023.5f},
      {1024.5f, 1024},  {1025.5f, 1026},  {2047.5f, 2048},      {2049, 2048},       {2051, 2052},
      {2050.9f, 2050},  {4098, 4096},     {4102, 4104},         {4099, 4100},       {5998.5f, 6000},
      {5997.875f, 5996}};
  for (const auto& [x, expected] : cases) EXPECT_EQ(rounded_to_half(x), expected) << x;
}

TEST(Labels, ThatArePublishedMoveMostOfTheLateSpikesToAnotherMillisecond) {
  std::vector<float> times, soma(6000, -70.0f);
  for (int i = 4096 * 8; i < 6000 * 8; ++i) times.push_back(static_cast<float>(i) / 8);
  TrialView trial{};
  trial.spike_times_ms = times;
  trial.soma_mV = soma;
  EXPECT_EQ(labelled(trial, {}).spike_times_ms.data(), times.data());  // exact labels are those of the file
  const auto published = labelled(trial, {.published = true});
  int moved = 0;
  for (size_t i = 0; i < times.size(); ++i) {
    const float t = published.spike_times_ms[i];
    EXPECT_TRUE(std::fmod(t, 4.0f) == 0 || i + 20 > times.size()) << t;
    EXPECT_LE(std::abs(t - times[i]), 2);
    EXPECT_LT(t, 6000);  // rounding up does not leave the trial
    moved += std::floor(t) != std::floor(times[i]);
  }
  // To multiples of 4 ms, over spikes at all times: three bins of four.
  EXPECT_NEAR(moved / static_cast<double>(times.size()), 0.75, 0.02);
}

TEST(Labels, ClipTheVoltageWhereTheyAreToldTo) {
  std::vector<float> soma{-70, -55, -54, 30};
  TrialView trial{};
  trial.soma_mV = soma;
  const auto clipped = labelled(trial, {.soma_ceiling_mV = -55});
  EXPECT_EQ(std::vector<float>(clipped.soma_mV.begin(), clipped.soma_mV.end()),
            (std::vector<float>{-70, -55, -55, -55}));
  EXPECT_EQ(soma[3], 30);
}

}  // namespace
}  // namespace nt::dataset
