#include "simulate/detail/integrate_and_fire.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace nt::simulate {
namespace {

stimulus::RandomRates input_rates() {
  stimulus::RandomRates rates;
  rates.interval_ms = {25, 30, 35, 40, 50, 60, 70, 80, 90, 100};
  rates.smoothing_sd_ms = {40, 60, 80, 100};
  return rates;
}

TEST(IntegrateAndFire, OneInputSpikeDecaysWithTheMembraneTimeConstant) {
  const cell::IntegrateAndFire cell;
  const auto trial = simulate(cell, {{{10}, {0}}, {}}, 200);
  EXPECT_FLOAT_EQ(trial.soma_mV[9], -75);
  EXPECT_FLOAT_EQ(trial.soma_mV[10], -73);
  EXPECT_FLOAT_EQ(trial.soma_mV[30], static_cast<float>(-75 + 2 * std::exp(-1)));
  EXPECT_NEAR(trial.soma_mV[151], -75, 1e-5);  // cut off 141 ms after the input
}

TEST(IntegrateAndFire, AboveThresholdItSpikesOnceAndStartsAgainFromReset) {
  const cell::IntegrateAndFire cell;
  stimulus::SynapticInput input;
  for (uint32_t s = 0; s < 11; ++s) {  // 11 x 2 mV at once: from -75 to -53, above -55
    input.excitatory.time_ms.push_back(5);
    input.excitatory.synapse.push_back(s);
  }
  const auto trial = simulate(cell, input, 50);
  ASSERT_EQ(trial.spike_times_ms, std::vector<float>{5});
  EXPECT_FLOAT_EQ(trial.soma_mV[5], -54.9f);
  for (size_t t = 6; t < 50; ++t) EXPECT_NEAR(trial.soma_mV[t], -75, 1e-5);
}

TEST(IntegrateAndFire, NoSpikeIsCountedInTheLastBin) {
  stimulus::SynapticInput input;
  for (uint32_t s = 0; s < 11; ++s) {
    input.excitatory.time_ms.push_back(9);
    input.excitatory.synapse.push_back(s);
  }
  EXPECT_TRUE(simulate(cell::IntegrateAndFire{}, input, 10).spike_times_ms.empty());
}

TEST(IntegrateAndFire, TheRecursionEqualsTheDefinition) {
  const cell::IntegrateAndFire cell;
  size_t spikes = 0;
  for (uint64_t trial = 0; trial < 30; ++trial) {
    const auto input = stimulus::draw_input(input_rates(), 11, random::Stage::test_cases, trial, 4000);
    const auto fast = simulate(cell, input, 4000);
    const auto slow = simulate_reference(cell, input, 4000);
    ASSERT_EQ(fast.spike_times_ms, slow.spike_times_ms) << trial;
    for (size_t t = 0; t < 4000; ++t)
      ASSERT_NEAR(fast.soma_mV[t], slow.soma_mV[t], 1e-4);  // float32 at 75 mV: 4e-6
    spikes += fast.spike_times_ms.size();
  }
  EXPECT_GT(spikes, 20u);
}

TEST(IntegrateAndFire, FiresAboutOncePerSecondUnderThePublishedInput) {
  // The published simulation fires at about 0.9 Hz; the first 500 ms, where the input only builds up, apart.
  double spikes = 0;
  for (uint64_t trial = 0; trial < 1000; ++trial) {
    const auto simulated =
        simulate(cell::IntegrateAndFire{},
                 stimulus::draw_input(input_rates(), 1, random::Stage::test_cases, trial, 6000), 6000);
    for (const float t : simulated.spike_times_ms) spikes += t >= 500;
  }
  EXPECT_NEAR(spikes / (1000 * 5.5), 0.9, 0.1);
}

stimulus::SynapticInput spikes_at(std::vector<uint32_t> time_ms, std::vector<uint32_t> synapse) {
  return {{std::move(time_ms), std::move(synapse)}, {}};
}

double highest_mV(const cell::TwoLayerNeuron& cell, const stimulus::SynapticInput& input) {
  const auto v = simulate(cell, input, 100).soma_mV;
  return *std::max_element(v.begin(), v.end()) - cell.soma.reset_mV;
}

TEST(TwoLayerNeuron, ThreeSpikesOnOneBranchDoWhatThreeBranchesCannot) {
  // 3 x 2 mV are above a branch's 5 mV, 2 mV are far below; synapses 0, 5, 10 share a branch of five.
  const cell::TwoLayerNeuron cell;
  const double together = highest_mV(cell, spikes_at({10, 10, 10}, {0, 5, 10}));
  const double apart = highest_mV(cell, spikes_at({10, 10, 10}, {0, 1, 2}));
  EXPECT_GT(together, 1);
  EXPECT_LT(apart, 0.1 * together);
}

TEST(TwoLayerNeuron, ABranchForgetsBeforeTheSomaDoes) {
  const cell::TwoLayerNeuron cell;
  const auto at_once = spikes_at({10, 10, 10}, {0, 5, 10}), slowly = spikes_at({10, 18, 26}, {0, 5, 10});
  EXPECT_LT(highest_mV(cell, slowly), 0.1 * highest_mV(cell, at_once));
}

TEST(TwoLayerNeuron, WithoutInputItRests) {
  const cell::TwoLayerNeuron cell;
  for (const float v : simulate(cell, {}, 100).soma_mV) EXPECT_FLOAT_EQ(v, -75);
}

TEST(TwoLayerNeuron, BranchesFarBelowTheirThresholdBySlopeAreLinear) {
  // A sigmoid of large slope is a line of steepness output/(4 slope): then all is one filter after another.
  cell::TwoLayerNeuron cell;
  cell.branch_threshold_mV = 0;
  cell.branch_slope_mV = 1000;
  cell.branch_output_mV = 4000;
  const double one = highest_mV(cell, spikes_at({10}, {0}));
  EXPECT_NEAR(highest_mV(cell, spikes_at({10, 10}, {0, 1})), 2 * one, 1e-4);
  EXPECT_NEAR(highest_mV(cell, spikes_at({10, 10}, {0, 5})), 2 * one, 1e-4);
}

}  // namespace
}  // namespace nt::simulate
