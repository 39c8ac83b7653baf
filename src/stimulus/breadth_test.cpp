#include "stimulus/breadth.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

namespace nt::stimulus {
namespace {

constexpr int64_t kTrial_ms = 3000;
constexpr uint64_t kSeed = 7;

/// 60 excitatory and 40 inhibitory synapses in ten clusters.
RandomRates one_tree() {
  RandomRates rates;
  rates.excitatory_synapses = 60;
  rates.inhibitory_synapses = 40;
  rates.pools = {one_pool(60, 40)};
  rates.pools[0].excitatory_per_100ms_high = 80;
  rates.inhibition_below_excitation = 80;
  rates.inhibition_above_excitation = 10;
  rates.interval_ms = {50, 100};
  rates.smoothing_sd_ms = {60};
  return rates;
}

Breadth breadth_of(const std::string& text) {
  const auto settings = config::Settings::from_text("[breadth]\n" + text, "a.toml");
  auto breadth = read_breadth(settings, true, true);
  settings.reject_unread();
  breadth.cluster_count = 10;
  breadth.clusters.count = 10;
  for (int s = 0; s < 60; ++s) breadth.clusters.of_excitatory.push_back(s % 10);
  for (int s = 0; s < 40; ++s) breadth.clusters.of_inhibitory.push_back(s % 10);
  return breadth;
}

RateFactors factors_of(const Breadth& breadth, uint64_t trial) {
  return draw_factors(draw_shift(breadth, kSeed, random::Stage::stimulus_train, trial), one_tree(), kSeed,
                      random::Stage::stimulus_train, trial, kTrial_ms);
}

SynapticInput draw(const Breadth& breadth, uint64_t trial) {
  return draw_input(one_tree(), kSeed, random::Stage::stimulus_train, trial, kTrial_ms,
                    factors_of(breadth, trial));
}

bool is_same(const SynapticInput& a, const SynapticInput& b) {
  return a.excitatory.time_ms == b.excitatory.time_ms && a.excitatory.synapse == b.excitatory.synapse &&
         a.inhibitory.time_ms == b.inhibitory.time_ms && a.inhibitory.synapse == b.inhibitory.synapse;
}

TEST(Breadth, MembersHaveTheSharesOfTheirWeights) {
  const auto breadth = breadth_of("unchanged = 3\nrates_high = 2\nsynchrony = 4\nsilence = 1\n");
  std::map<std::string, double> share;
  constexpr int kTrials = 10'000;
  for (uint64_t trial = 0; trial < kTrials; ++trial)
    share[member_of(breadth, kSeed, random::Stage::stimulus_train, trial)] += 1.0 / kTrials;
  EXPECT_EQ(share.size(), 4u);
  // Five standard deviations of a share of one half are 0.025.
  EXPECT_NEAR(share["unchanged"], 0.3, 0.025);
  EXPECT_NEAR(share["rates_high"], 0.2, 0.025);
  EXPECT_NEAR(share["synchrony"], 0.4, 0.025);
  EXPECT_NEAR(share["silence"], 0.1, 0.025);
}

TEST(Breadth, ATrialIsAFunctionOfSeedStageAndNumberAlone) {
  const auto breadth = breadth_of("rates_low = 1\nclusters = 1\nsinusoidal = 1\npublished_mixture = 1\n");
  const auto later = draw(breadth, 9);
  for (uint64_t trial = 0; trial < 9; ++trial) EXPECT_FALSE(is_same(draw(breadth, trial), later));
  EXPECT_TRUE(is_same(draw(breadth, 9), later));
  int other_seed = 0, other_stage = 0;
  for (uint64_t trial = 0; trial < 100; ++trial) {
    const auto& here = member_of(breadth, kSeed, random::Stage::stimulus_train, trial);
    other_seed += member_of(breadth, kSeed + 1, random::Stage::stimulus_train, trial) != here;
    other_stage += member_of(breadth, kSeed, random::Stage::stimulus_valid, trial) != here;
  }
  EXPECT_GT(other_seed, 50);  // of four alike members three quarters, +- 4.3
  EXPECT_GT(other_stage, 50);
}

TEST(Breadth, AnUnchangedTrialIsTheOneThatThereWouldBeWithoutBreadth) {
  const auto breadth = breadth_of("unchanged = 1\nrates_high = 1\n");
  int unchanged = 0;
  for (uint64_t trial = 0; trial < 20; ++trial) {
    const auto plain = draw_input(one_tree(), kSeed, random::Stage::stimulus_train, trial, kTrial_ms);
    const bool is_plain = member_of(breadth, kSeed, random::Stage::stimulus_train, trial) == "unchanged";
    EXPECT_EQ(is_same(draw(breadth, trial), plain), is_plain) << trial;
    unchanged += is_plain;
  }
  EXPECT_GT(unchanged, 0);
  EXPECT_LT(unchanged, 20);
}

TEST(Breadth, ParametersAreDrawnFromAllOfTheirRange) {
  const auto spread = [](const std::string& text, auto value) {
    const auto breadth = breadth_of(text);
    double low = INFINITY, high = -INFINITY;
    for (uint64_t trial = 0; trial < 500; ++trial) {
      const auto drawn =
          static_cast<double>(value(draw_shift(breadth, kSeed, random::Stage::stimulus_train, trial)));
      low = std::min(low, drawn);
      high = std::max(high, drawn);
    }
    return std::pair(low, high);
  };
  // The ends of 500 uniform numbers lie within 2 % of the range's: 4e-5 that they do not.
  const auto expect_all_of = [](std::pair<double, double> found, double low, double high) {
    EXPECT_GE(found.first, low);
    EXPECT_LE(found.second, high);
    EXPECT_LT(found.first, low + 0.02 * (high - low));
    EXPECT_GT(found.second, high - 0.02 * (high - low));
  };
  const auto factor = [](const StimulusShift& s) { return s.rate_factor; };
  expect_all_of(spread("rates_low = 1\n", factor), 0, 1);
  expect_all_of(spread("rates_high = 1\nrates_high_factor = [1.2, 1.4]\n", factor), 1.2, 1.4);
  expect_all_of(spread("synchrony = 1\n", [](const auto& s) { return s.burst_share; }), 0, 0.4);
  expect_all_of(spread("synchrony = 1\n", [](const auto& s) { return s.bursts_hz; }), 5, 20);
  EXPECT_EQ(spread("synchrony = 1\n", [](const auto& s) { return s.burst_ms; }), std::pair(3.0, 10.0));
  expect_all_of(spread("clusters = 1\n", [](const auto& s) { return s.driven_factor; }), 2, 6);
  expect_all_of(spread("sinusoidal = 1\n", [](const auto& s) { return s.depth; }), 0, 1);
  expect_all_of(spread("silence = 1\n", [](const auto& s) { return s.pause_factor; }), 0, 0.1);
}

TEST(Breadth, OfThePublishedMixturesTrialsAboutHalfSwingHalfHaveNoInhibitionAndAQuarterBoth) {
  const auto breadth = breadth_of("published_mixture = 1\n");
  int swing = 0, uninhibited = 0, both = 0;
  for (uint64_t trial = 0; trial < 1000; ++trial) {
    const auto shift = draw_shift(breadth, kSeed, random::Stage::stimulus_train, trial);
    const bool swings = shift.sinusoidal == WhichTrials::all;
    const bool is_uninhibited = shift.without_inhibition == WhichTrials::all;
    EXPECT_TRUE(shift.needs_clusters());
    swing += swings;
    uninhibited += is_uninhibited;
    both += swings && is_uninhibited;
  }
  EXPECT_NEAR(swing, 500, 80);  // five standard deviations
  EXPECT_NEAR(uninhibited, 500, 80);
  EXPECT_NEAR(both, 250, 70);
}

TEST(Breadth, SilenceComesInStretchesOfTheirLength) {
  const auto breadth = breadth_of("silence = 1\nsilence_ms = [200, 400]\nsilence_factor = [0, 0]\n");
  double silent = 0;
  constexpr int kTrials = 200;
  for (uint64_t trial = 0; trial < kTrials; ++trial) {
    const auto factors = factors_of(breadth, trial);
    const auto& factor = factors.of_pool.at(0);
    std::vector<int64_t> lengths{1};
    for (size_t t = 1; t < factor.size(); ++t) {
      if (factor[t] == factor[t - 1]) {
        ++lengths.back();
      } else {
        lengths.push_back(1);
      }
    }
    for (size_t i = 0; i + 1 < lengths.size(); ++i) {  // the last is cut off by the trial's end
      EXPECT_GE(lengths[i], 200);
      EXPECT_LE(lengths[i], 400);
    }
    for (const double f : factor) {
      EXPECT_TRUE(f == 0 || f == 1);
      silent += f == 0 ? 1.0 / (kTrials * kTrial_ms) : 0;
    }
    const auto input = draw(breadth, trial);
    for (const auto t : input.excitatory.time_ms) EXPECT_EQ(factor[t], 1);
  }
  EXPECT_NEAR(silent, 0.5, 0.03);
}

TEST(Breadth, TheMeanInputIsAsManyTimesThatWithout) {
  const auto breadth = breadth_of(
      "unchanged = 1\nrates_low = 1\nclusters = 1\nno_inhibition = 1\npublished_mixture = 1\nsilence = 1\n"
      "clusters_driven_share = 0.5\n");
  double excitatory = 0, inhibitory = 0, plain_excitatory = 0, plain_inhibitory = 0;
  for (uint64_t trial = 0; trial < 1500; ++trial) {
    const auto broad = draw(breadth, trial);
    const auto plain = draw_input(one_tree(), kSeed, random::Stage::stimulus_train, trial, kTrial_ms);
    excitatory += static_cast<double>(broad.excitatory.time_ms.size());
    inhibitory += static_cast<double>(broad.inhibitory.time_ms.size());
    plain_excitatory += static_cast<double>(plain.excitatory.time_ms.size());
    plain_inhibitory += static_cast<double>(plain.inhibitory.time_ms.size());
  }
  // A trial's factor varies by about 0.6: of 1500 their mean by 2 %, doubled for inhibition that may be none.
  const auto mean = mean_factors(breadth);
  EXPECT_NEAR(excitatory / plain_excitatory, mean.excitatory, 0.06);
  EXPECT_NEAR(inhibitory / plain_inhibitory, mean.inhibitory, 0.06);
  EXPECT_LT(mean.inhibitory, 0.8 * mean.excitatory);
}

std::string refusal_of(const std::string& text, bool has_dendrites = true, bool has_inhibition = true) {
  try {
    const auto settings = config::Settings::from_text(text, "a.toml");
    read_breadth(settings, has_dendrites, has_inhibition);
    settings.reject_unread();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Breadth, ThatIsWrongIsRefusedWithWhatWouldBeRight) {
  EXPECT_EQ(refusal_of("[breadth]\nsynchronie = 1\n"),
            "a.toml:1: 'breadth' gives no kind of trial a weight; for example unchanged = 0.5, rates_high = "
            "0.5; without the table all trials are as [stimulus] says. Known kinds: unchanged, rates_low, "
            "rates_high, synchrony, clusters, sinusoidal, no_inhibition, published_mixture, silence");
  EXPECT_EQ(refusal_of("[breadth]\nunchanged = 1\nsynchronie = 1\n"),
            "a.toml:3: unknown key 'breadth.synchronie'; did you mean 'synchrony'?");
  EXPECT_EQ(refusal_of("[breadth]\nrates_low = -1\n"),
            "a.toml:2: 'breadth.rates_low' is -1, expected from 0 to 1000000");
  EXPECT_EQ(refusal_of("[breadth]\nrates_low = 1\nrates_low_factor = [0.5, 0.2]\n"),
            "a.toml:3: 'breadth.rates_low_factor' is [0.5, 0.2], expected two numbers, the lower first, for "
            "example [0, 1]");
  EXPECT_EQ(refusal_of("[breadth]\nsilence = 1\nsilence_ms = [50]\n"),
            "a.toml:3: 'breadth.silence_ms' is [50], expected two whole numbers, the lower first, for "
            "example [100, 2000]");
  EXPECT_EQ(refusal_of("breadth = 3\n"), "a.toml:1: 'breadth' is 3, expected a table");
  EXPECT_EQ(refusal_of(""), "no error");
}

TEST(Breadth, MembersThatMakeNoSenseForTheNeuronAreRefusedWithThoseThatDo) {
  EXPECT_EQ(refusal_of("[breadth]\nclusters = 1\n", false),
            "a.toml:2: 'breadth.clusters' asks for trials of this kind, but a point neuron has no dendrites "
            "whose synapses could be grouped; possible for this neuron: unchanged, rates_low, rates_high, "
            "synchrony, sinusoidal, no_inhibition, silence");
  EXPECT_NE(refusal_of("[breadth]\npublished_mixture = 1\n", false), "no error");
  EXPECT_EQ(
      refusal_of("[breadth]\nno_inhibition = 1\n", false, false),
      "a.toml:2: 'breadth.no_inhibition' asks for trials of this kind, but the neuron has no inhibitory "
      "synapses, so nothing would change; possible for this neuron: unchanged, rates_low, rates_high, "
      "synchrony, sinusoidal, silence");
  EXPECT_EQ(refusal_of("[breadth]\nclusters = 0\nsilence = 1\n", false), "no error");
}

TEST(Breadth, ThatNeedsClustersIsNotDrawnWithoutThem) {
  auto breadth = breadth_of("clusters = 1\n");
  EXPECT_TRUE(breadth.needs_clusters());
  breadth.clusters = {};
  EXPECT_THROW(draw_shift(breadth, kSeed, random::Stage::stimulus_train, 0), std::logic_error);
  EXPECT_FALSE(breadth_of("silence = 1\n").needs_clusters());
}

}  // namespace
}  // namespace nt::stimulus
