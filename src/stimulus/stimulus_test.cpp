#include "stimulus/stimulus.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace nt::stimulus {
namespace {

RandomRates published_if_input() {
  RandomRates rates;
  rates.interval_ms = {25, 30, 35, 40, 50, 60, 70, 80, 90, 100};
  rates.smoothing_sd_ms = {40, 60, 80, 100};
  return rates;
}

TEST(Stimulus, SpikesFollowTheRatesOfTheReference) {
  // One trial's rates, its spikes counted in blocks of 250 ms over synapses of a kind: within five standard
  // errors.
  const auto rates = published_if_input();
  for (uint64_t trial = 0; trial < 4; ++trial) {
    const auto p = spike_probability_reference(rates, 3, random::Stage::test_cases, trial, 2000);
    const auto input = draw_input(rates, 3, random::Stage::test_cases, trial, 2000);
    for (const bool excitatory : {true, false}) {
      std::vector<double> expected(8), counted(8);
      const size_t first = excitatory ? 0 : 80, last = excitatory ? 80 : 100;
      for (size_t s = first; s < last; ++s) {
        for (size_t t = 0; t < 2000; ++t) expected[t / 250] += p[s][t];
      }
      for (const auto t : (excitatory ? input.excitatory : input.inhibitory).time_ms) ++counted[t / 250];
      for (size_t b = 0; b < 8; ++b) {
        EXPECT_NEAR(counted[b], expected[b], 5 * std::sqrt(expected[b]) + 3)
            << "trial " << trial << " block " << b;
      }
    }
  }
}

TEST(Stimulus, MeanRatesAreThoseOfTheSpecification) {
  // Away from the ends: excitation U[0,50] has mean 25 per 100 ms. Inhibition is U between 0 and e-15 with
  // negatives as none: the mean over e of (e-15)/2 for e in [15,50] is 6.125 per 100 ms (calculated).
  const auto rates = published_if_input();
  double excitatory = 0, inhibitory = 0;
  const int trials = 1000;
  for (uint64_t trial = 0; trial < trials; ++trial) {
    const auto input = draw_input(rates, 1, random::Stage::test_cases, trial, 3000);
    const auto middle = [](const Events& events) {
      double n = 0;
      for (const auto t : events.time_ms) n += t >= 1000 && t < 2000;
      return n / 10;
    };
    excitatory += middle(input.excitatory) / trials;
    inhibitory += middle(input.inhibitory) / trials;
  }
  EXPECT_NEAR(excitatory, 25, 0.25);
  EXPECT_NEAR(inhibitory, 6.125, 0.125);  // 2 %: wider, for inhibition varies more between trials
}

/// The layer-5 pyramidal cell's trees as the specification has them, compartments alike.
RandomRates published_l5pc_input() {
  RandomRates rates;
  rates.excitatory_synapses = rates.inhibitory_synapses = 639;
  rates.inhibition_below_excitation = 600;
  rates.inhibition_above_excitation = 200;
  rates.interval_ms = {25, 30, 35, 40, 45, 55, 60, 65, 70, 75, 80, 85, 90, 100, 150, 200, 300, 450};
  rates.smoothing_sd_ms = {25, 30, 35, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600};
  rates.pools.clear();
  for (const auto& [name, first, last] : {std::tuple("basal", 0, 262), {"apical", 262, 639}}) {
    auto pool = one_pool(last - first, last - first);
    pool.name = name;
    for (auto* numbers : {&pool.excitatory, &pool.inhibitory})
      for (int& number : *numbers) number += first;
    pool.excitatory_per_100ms_high = 800;
    rates.pools.push_back(pool);
  }
  return rates;
}

TEST(Stimulus, MeanInputOfTheL5pcIsThatOfTheSpecificationByHand) {
  // Excitation U[0,800]: 400 per 100 ms and tree. Inhibition given e: (max(0, e - 600) + e + 200)/2; mean
  // over e: the first term is 200^2/2/800 = 25, the second 600: 312.5 per 100 ms. In a trial without ends
  // nothing is lost.
  auto rates = published_l5pc_input();
  const auto endless = mean_input(rates, rates.pools[0], 100'000'000);
  EXPECT_NEAR(endless.excitatory_per_ms, 4, 1e-3);
  EXPECT_NEAR(endless.inhibitory_per_ms, 3.125, 1e-3);
  // A window of one sd and no jitter: near each end half a window is missing on average over |z| sd:
  // sd/sqrt(2 pi).
  rates.smoothing_sd_ms = {100};
  rates.smoothing_jitter_ms = 0;
  const auto sagging = mean_input(rates, rates.pools[0], 6000);
  EXPECT_NEAR(sagging.excitatory_per_ms, 4 * (1 - 2 * 100 / std::sqrt(2 * M_PI) / 6000), 1e-3);
}

TEST(Stimulus, SpikesPerMsOfEachTreeAndKindAreWithinOnePercentOfTheSpecificationOver1000Trials) {
  constexpr int64_t kTrial_ms = 6000;
  constexpr int kTrials = 1000;
  auto rates = published_l5pc_input();
  // A tenth of all totals: a tenth of the work, and as many draws of them.
  rates.inhibition_below_excitation /= 10;
  rates.inhibition_above_excitation /= 10;
  for (auto& pool : rates.pools) pool.excitatory_per_100ms_high /= 10;
  double counted[2][2] = {};  // [tree][kind]
  for (uint64_t trial = 0; trial < kTrials; ++trial) {
    const auto input = draw_input(rates, 1, random::Stage::test_cases, trial, kTrial_ms);
    for (const auto s : input.excitatory.synapse) ++counted[s >= 262][0];
    for (const auto s : input.inhibitory.synapse) ++counted[s >= 262][1];
  }
  for (int tree = 0; tree < 2; ++tree) {
    const auto expected = mean_input(rates, rates.pools[tree], kTrial_ms);
    EXPECT_NEAR(counted[tree][0] / kTrials / kTrial_ms / expected.excitatory_per_ms, 1, 0.01) << tree;
    EXPECT_NEAR(counted[tree][1] / kTrials / kTrial_ms / expected.inhibitory_per_ms, 1, 0.01) << tree;
  }
}

TEST(Stimulus, RatesSagToHalfAtTheEndsOfATrial) {
  const auto rates = published_if_input();
  double ends = 0, middle = 0;
  for (uint64_t trial = 0; trial < 2000; ++trial) {
    for (const auto t : draw_input(rates, 1, random::Stage::test_cases, trial, 2000).excitatory.time_ms) {
      ends += t < 5 || t >= 1995;
      middle += t >= 995 && t < 1005;
    }
  }
  EXPECT_NEAR(ends / middle, 0.5, 0.05);
}

TEST(Stimulus, EventsAreSortedAndNeverRepeated) {
  const auto input = draw_input(published_if_input(), 5, random::Stage::stimulus_train, 42, 6000);
  for (const auto* events : {&input.excitatory, &input.inhibitory}) {
    ASSERT_EQ(events->time_ms.size(), events->synapse.size());
    for (size_t i = 1; i < events->time_ms.size(); ++i) {
      EXPECT_LT(std::pair(events->time_ms[i - 1], events->synapse[i - 1]),
                std::pair(events->time_ms[i], events->synapse[i]));
    }
  }
}

TEST(Stimulus, PoolsHaveTheirOwnTotalsSharedByWeight) {
  auto rates = published_if_input();
  rates.excitatory_synapses = 3;
  rates.inhibitory_synapses = 1;
  rates.inhibition_below_excitation = 0;  // as much as there is excitation
  rates.inhibition_above_excitation = 0;
  SynapsePool first{"basal", {0, 2}, {}, {0.75, 0.25}, {}, 2, 2}, second{"apical", {1}, {0}, {1}, {1}, 4, 4};
  rates.pools = {first, second};
  const auto p = spike_probability_reference(rates, 1, random::Stage::test_cases, 0, 20000);
  double mean[4];
  for (size_t s = 0; s < 4; ++s) {
    mean[s] = 0;
    for (size_t t = 1000; t < 19000; ++t) mean[s] += p[s][t] / 18000;
  }
  // Per ms; the factors U(0.5, 1.5) of some 300 intervals leave 2 %.
  EXPECT_NEAR(mean[0], 0.75 * 0.02, 0.05 * 0.015);
  EXPECT_NEAR(mean[2], 0.25 * 0.02, 0.05 * 0.005);
  EXPECT_NEAR(mean[1], 0.04, 0.05 * 0.04);
  EXPECT_NEAR(mean[3], 0.04, 0.05 * 0.04);
}

TEST(Stimulus, HighestRatesStillGiveAtMostOneSpikeAMillisecond) {
  auto rates = published_if_input();
  rates.pools[0].excitatory_per_100ms_low = rates.pools[0].excitatory_per_100ms_high =
      1e6;  // 125 spikes a ms and synapse: all bins full
  const auto input = draw_input(rates, 1, random::Stage::test_cases, 0, 400);
  EXPECT_GT(input.excitatory.time_ms.size(), 0.98 * 80 * 400);
  EXPECT_LE(input.excitatory.time_ms.size(), 80u * 400);
}

}  // namespace
}  // namespace nt::stimulus
