#include "stimulus/shifted.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace nt::stimulus {
namespace {

constexpr int64_t kTrial_ms = 3000;

/// 60 excitatory and 40 inhibitory synapses as two trees, as many spikes for a synapse as the layer-5 cell's.
RandomRates two_trees() {
  RandomRates rates;
  rates.excitatory_synapses = 60;
  rates.inhibitory_synapses = 40;
  SynapsePool basal = one_pool(30, 20), apical = one_pool(30, 20);
  for (int& number : apical.excitatory) number += 30;
  for (int& number : apical.inhibitory) number += 20;
  rates.pools = {basal, apical};
  for (auto& pool : rates.pools) pool.excitatory_per_100ms_high = 80;
  rates.inhibition_below_excitation = 80;
  rates.inhibition_above_excitation = 10;
  rates.interval_ms = {50, 100};
  rates.smoothing_sd_ms = {60};
  return rates;
}

StimulusShift shift_of(const std::string& set, const std::string& parameters = "") {
  return read_shifted_sets(config::Settings::from_text("sets = ['" + set + "']\n" + parameters))[0].shift;
}

SynapticInput draw(const StimulusShift& shift, uint64_t trial, const RandomRates& rates = two_trees(),
                   random::Stage stage = random::Stage::test_cases) {
  return draw_input(rates, 1, stage, trial, kTrial_ms,
                    draw_factors(shift, rates, 1, stage, trial, kTrial_ms));
}

/// Excitatory spikes of both trees, [ms].
std::vector<double> population_count(const SynapticInput& input) {
  std::vector<double> count(kTrial_ms, 0.0);
  for (const auto t : input.excitatory.time_ms) ++count[t];
  return count;
}

double mean(const std::vector<double>& x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

double variance(const std::vector<double>& x) {
  const double level = mean(x);
  double sum = 0;
  for (const double v : x) sum += (v - level) * (v - level);
  return sum / static_cast<double>(x.size());
}

bool is_same(const Events& a, const Events& b) {
  return a.time_ms == b.time_ms && a.synapse == b.synapse;
}

TEST(Shift, OfNothingIsTheTrainingDistribution) {
  const auto rates = two_trees();
  const auto plain = draw_input(rates, 1, random::Stage::test_cases, 3, kTrial_ms), same = draw({}, 3);
  EXPECT_TRUE(is_same(plain.excitatory, same.excitatory));
  EXPECT_TRUE(is_same(plain.inhibitory, same.inhibitory));
  EXPECT_EQ(determining_text({}), "");
}

TEST(Shift, SpikesFollowTheReferenceWithAllFactorsAtOnce) {
  auto shift = shift_of("published_mixture", "clusters_driven_share = 0.5\n");
  shift.rate_factor = 0.7;
  shift.burst_share = 0.3;
  shift.clusters = {4, {}, {}};
  for (int s = 0; s < 60; ++s) shift.clusters.of_excitatory.push_back(s % 4);
  for (int s = 0; s < 40; ++s) shift.clusters.of_inhibitory.push_back(s % 4);
  const auto rates = two_trees();
  for (uint64_t trial = 0; trial < 4; ++trial) {
    const auto factors = draw_factors(shift, rates, 1, random::Stage::test_cases, trial, kTrial_ms);
    const auto p =
        spike_probability_reference(rates, 1, random::Stage::test_cases, trial, kTrial_ms, factors);
    const auto input = draw_input(rates, 1, random::Stage::test_cases, trial, kTrial_ms, factors);
    for (size_t s = 0; s < 60; ++s) {
      const double expected = std::accumulate(p[s].begin(), p[s].end(), 0.0);
      const auto counted = static_cast<double>(std::ranges::count(input.excitatory.synapse, s));
      EXPECT_NEAR(counted, expected, 5 * std::sqrt(expected) + 3) << "trial " << trial << " synapse " << s;
    }
  }
}

TEST(Shift, ScaledRatesGiveAsManyTimesTheSpikes) {
  double plain = 0, low = 0, high = 0;
  for (uint64_t trial = 0; trial < 40; ++trial) {
    const auto total = [](const SynapticInput& input) {
      return static_cast<double>(input.excitatory.time_ms.size() + input.inhibitory.time_ms.size());
    };
    plain += total(draw({}, trial));
    low += total(draw(shift_of("rates_low"), trial));
    high += total(draw(shift_of("rates_high"), trial));
  }
  // The same rates underlie all three; some 150 000 spikes leave 0.5 %.
  EXPECT_NEAR(low / plain, 0.5, 0.005);
  EXPECT_NEAR(high / plain, 1.5, 0.015);
}

TEST(Shift, SynchronyRaisesTheVarianceOfThePopulationCountWithoutChangingItsMean) {
  const auto shift = shift_of("synchrony", "synchrony_share = 0.4\n");
  double plain = 0, common = 0, variance_plain = 0, variance_common = 0;
  constexpr int kTrials = 100;
  for (uint64_t trial = 0; trial < kTrials; ++trial) {
    const auto a = population_count(draw({}, trial)), b = population_count(draw(shift, trial));
    plain += mean(a) / kTrials;
    common += mean(b) / kTrials;
    variance_plain += variance(a) / kTrials;
    variance_common += variance(b) / kTrials;
  }
  // Bursts bring 0.4 of the input, and there are 6000 in all trials and trees: 0.5 %. That a synapse has at
  // most one spike a ms costs about 1 % within bursts.
  EXPECT_NEAR(common / plain, 1, 0.025);
  // A tree has 0.4 spikes a ms: bursts, a twentieth of the time, add (0.4 0.4/0.05)^2 0.05 = 0.5 to the
  // variance.
  EXPECT_GT(variance_common, variance_plain + 0.8);
}

TEST(Shift, BurstsAreSharedWithinATreeAndNotBetweenTrees) {
  const auto shift = shift_of("synchrony", "synchrony_share = 1\n");
  const auto factors = draw_factors(shift, two_trees(), 1, random::Stage::test_cases, 0, kTrial_ms);
  ASSERT_EQ(factors.of_pool.size(), 2u);
  EXPECT_NE(factors.of_pool[0], factors.of_pool[1]);
  // With all of the input in bursts of 5 ms there is none between: every run of silence ends a burst.
  const auto& factor = factors.of_pool[0];
  const auto first = std::ranges::find_if(factor, [](double f) { return f > 0; });
  const auto after = std::find(first, factor.end(), 0.0);
  EXPECT_GE(after - first, first == factor.begin() ? 1 : 5);
  EXPECT_NEAR(static_cast<double>(std::ranges::count_if(factor, [](double f) { return f > 0; })),
              kTrial_ms * (1 - std::exp(-0.05)), 5 * std::sqrt(30.0) * 5);
}

TEST(Shift, SinusoidalRatesHaveTheirPowerAtThePeriodDrawn) {
  const auto shift = shift_of("sinusoidal");
  for (uint64_t trial = 0; trial < 12; ++trial) {
    const auto sinusoid = draw_sinusoid(shift, 1, random::Stage::test_cases, trial);
    EXPECT_GE(sinusoid.period_ms, 15);
    EXPECT_LE(sinusoid.period_ms, 300);
    const auto count = population_count(draw(shift, trial));
    const double level = mean(count);
    const auto power_at = [&](double per_ms) {
      double cosine = 0, sine = 0;
      for (size_t t = 0; t < count.size(); ++t) {
        const double angle = 2 * std::numbers::pi * per_ms * static_cast<double>(t);
        cosine += (count[t] - level) * std::cos(angle);
        sine += (count[t] - level) * std::sin(angle);
      }
      return cosine * cosine + sine * sine;
    };
    // The rates themselves vary slowly: at frequencies below 8 Hz they may have more.
    const double drawn = 1 / sinusoid.period_ms;
    double elsewhere = 0;
    for (double hz = 8; hz < 100; hz += 1) {
      if (std::abs(hz / 1000 - drawn) > 0.003) elsewhere = std::max(elsewhere, power_at(hz / 1000));
    }
    EXPECT_GT(power_at(drawn), 1.5 * elsewhere) << sinusoid.period_ms << " ms";
  }
}

TEST(Shift, ClustersDriveOnlyTheirSynapsesAndUpToTheirShareOfThem) {
  auto shift = shift_of("clusters");
  shift.clusters = {20, {}, {}};
  for (int s = 0; s < 60; ++s) shift.clusters.of_excitatory.push_back(s % 20);
  for (int s = 0; s < 40; ++s) shift.clusters.of_inhibitory.push_back(s % 20);
  std::vector<bool> ever(20, false);
  size_t most = 0;
  for (uint64_t trial = 0; trial < 100; ++trial) {
    const auto factors = draw_factors(shift, two_trees(), 1, random::Stage::test_cases, trial, kTrial_ms);
    std::vector<bool> driven(20, false);
    for (size_t s = 0; s < 20; ++s) {
      driven[s] = factors.of_synapse[s] > 0;
      ever[s] = ever[s] || driven[s];
    }
    const auto number = static_cast<size_t>(std::ranges::count(driven, true));
    EXPECT_GE(number, 1u);
    EXPECT_LE(number, 6u);  // 30 % of 20
    most = std::max(most, number);
    const auto input = draw(shift, trial);
    for (const auto s : input.excitatory.synapse) EXPECT_TRUE(driven[s % 20]);
    for (const auto s : input.inhibitory.synapse) EXPECT_TRUE(driven[s % 20]);
    EXPECT_GT(input.excitatory.synapse.size(), 0u);
  }
  EXPECT_EQ(most, 6u);
  EXPECT_EQ(std::ranges::count(ever, true), 20);
}

TEST(Shift, WithoutInhibitionTheExcitationStaysAsItWas) {
  const auto without = draw(shift_of("no_inhibition"), 5), with = draw({}, 5);
  EXPECT_TRUE(without.inhibitory.time_ms.empty());
  EXPECT_FALSE(with.inhibitory.time_ms.empty());
  EXPECT_TRUE(is_same(without.excitatory, with.excitatory));
}

TEST(Shift, HalfOfThePublishedMixturesTrialsHaveNoInhibitionHalfASinusoidAndAQuarterBoth) {
  auto shift = shift_of("published_mixture");
  shift.clusters = {1, std::vector<int>(60, 0), std::vector<int>(40, 0)};
  int silent = 0, sinusoidal = 0, both = 0;
  for (uint64_t trial = 0; trial < 64; ++trial) {
    const bool has_none = draw(shift, trial).inhibitory.time_ms.empty();
    const bool swings = draw_sinusoid(shift, 1, random::Stage::test_cases, trial).period_ms > 0;
    silent += has_none;
    sinusoidal += swings;
    both += has_none && swings;
  }
  EXPECT_EQ(silent, 32);
  EXPECT_EQ(sinusoidal, 32);
  EXPECT_EQ(both, 16);
}

TEST(Shift, SetsDrawFromStreamsOfTheirOwn) {
  std::vector<random::Stage> stages;
  for (const auto& name : shifted_set_names())
    stages.push_back(read_shifted_sets(config::Settings::from_text("sets = ['" + name + "']\n"))[0].stage);
  for (const auto test :
       {random::Stage::stimulus_train, random::Stage::stimulus_valid, random::Stage::stimulus_test})
    stages.push_back(test);
  std::ranges::sort(stages);
  EXPECT_EQ(std::ranges::adjacent_find(stages), stages.end());
}

std::string refusal_of(const std::string& text) {
  try {
    const auto settings = config::Settings::from_text(text, "a.toml");
    read_shifted_sets(settings);
    settings.reject_unread();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ShiftedSets, AWrongOneIsRefusedWithWhatWouldBeRight) {
  EXPECT_EQ(refusal_of("sets = ['synchronie']\n"),
            "a.toml:1: 'sets' names the set \"synchronie\"; did you mean \"synchrony\"?");
  EXPECT_EQ(refusal_of("sets = ['clusters', 'clusters']\n"),
            "a.toml:1: 'sets' names the set \"clusters\" twice, expected each once");
  EXPECT_EQ(refusal_of("sinusoidal_period_ms = [300, 15]\n"),
            "a.toml:1: 'sinusoidal_period_ms' is [300, 15], expected two numbers, the lower first, for "
            "example [15, 300]");
  EXPECT_EQ(refusal_of("synchrony_bursts = 3\n"),
            "a.toml:1: unknown key 'synchrony_bursts'; did you mean 'synchrony_burst_ms'?");
  EXPECT_EQ(refusal_of("rates_low_factor = 2\n"), "a.toml:1: 'rates_low_factor' is 2, expected from 0 to 1");
  EXPECT_EQ(refusal_of(""), "no error");
}

TEST(ShiftedSets, AreKnownByWhatDeterminesThemAlone) {
  // What another set's key says does not count.
  EXPECT_EQ(determining_text(shift_of("synchrony")),
            determining_text(shift_of("synchrony", "rates_low_factor = 0.3\n")));
  EXPECT_NE(determining_text(shift_of("synchrony")),
            determining_text(shift_of("synchrony", "synchrony_burst_ms = 7\n")));
}

}  // namespace
}  // namespace nt::stimulus
