#include "stimulus/group_input.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numbers>
#include <numeric>
#include <set>

#include "config/temporary_folder.hpp"
#include "files/files.hpp"
#include "files/hdf5.hpp"
#include "stimulus/recorded_spikes.hpp"
#include "stimulus/stimulus.hpp"

namespace nt::stimulus {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kDuration_ms = 4000;

/// Fifty excitatory synapses "a", ten um apart from the soma on, and twenty inhibitory "b".
std::vector<GroupSynapses> groups() {
  GroupSynapses a{"a", true, 0, 50, {}}, b{"b", false, 0, 20, {}};
  for (int s = 0; s < 50; ++s) a.distance_um.push_back(10.0 * s);
  b.distance_um.assign(20, 100.0);
  return {a, b};
}

RandomRates read(const std::string& text) {
  const auto settings = config::Settings::from_text(text, "stimulus");
  auto rates = read_stimulus(settings, {one_pool(50, 20)}, groups());
  settings.reject_unread();
  return rates;
}

/// Both groups with this input.
RandomRates both(const std::string& input) {
  return read("groups = { a = { " + input + " }, b = { " + input + " } }\n");
}

SynapticInput drawn(const RandomRates& rates, uint64_t trial, const RateFactors& factors = {}) {
  return draw_input(rates, 3, random::Stage::test_cases, trial, kDuration_ms, factors);
}

/// Spikes of each synapse and ms of the excitatory group.
std::vector<std::vector<int>> raster(const SynapticInput& input) {
  std::vector<std::vector<int>> of(50, std::vector<int>(kDuration_ms));
  for (size_t k = 0; k < input.excitatory.time_ms.size(); ++k)
    ++of[input.excitatory.synapse[k]][input.excitatory.time_ms[k]];
  return of;
}

double rate_hz(const Events& events, int synapses) {
  return static_cast<double>(events.time_ms.size()) / synapses / (kDuration_ms / 1000.0);
}

TEST(GroupInput, PoissonSpikesComeAtTheirRateWithoutMemory) {
  const auto rates = both("kind = \"poisson\", rate_hz = 20");
  double counts = 0, squares = 0, trials = 0;
  for (uint64_t trial = 0; trial < 20; ++trial) {
    const auto input = drawn(rates, trial);
    EXPECT_NEAR(rate_hz(input.excitatory, 50), 20, 5 * std::sqrt(20 / 200.0));  // five standard errors
    EXPECT_NEAR(rate_hz(input.inhibitory, 20), 20, 5 * std::sqrt(20 / 80.0));
    for (const auto& train : raster(input)) {
      const double n = std::accumulate(train.begin(), train.end(), 0.0);
      counts += n;
      squares += n * n;
      trials += 1;
      EXPECT_LE(*std::ranges::max_element(train), 1);
    }
  }
  const double mean = counts / trials, fano = (squares / trials - mean * mean) / mean;
  EXPECT_NEAR(fano, 1 - 0.02, 5 * std::sqrt(2 / trials));  // binomial: 1 - p
}

TEST(GroupInput, ATrialIsAPureFunctionOfItsNumber) {
  for (const auto* input : {"kind = \"poisson\", rate_hz = [1, 9]", "kind = \"varying\", rate_hz = \"t/400\"",
                            "kind = \"correlated\", rate_hz = 5, correlation = 0.2, jitter_ms = 2",
                            "kind = \"patterns\", share = 0.5, background_hz = 1",
                            "kind = \"netstim\", interval = 50, noise = 0.5"}) {
    const auto rates = both(input);
    const auto once = drawn(rates, 4), again = drawn(both(input), 4), other = drawn(rates, 5);
    EXPECT_EQ(once.excitatory.time_ms, again.excitatory.time_ms) << input;
    EXPECT_EQ(once.inhibitory.synapse, again.inhibitory.synapse) << input;
    EXPECT_NE(once.excitatory.time_ms, other.excitatory.time_ms) << input;
    EXPECT_TRUE(std::ranges::is_sorted(once.excitatory.time_ms)) << input;
  }
}

TEST(GroupInput, VaryingSpikesFollowTheirFormula) {
  const auto rates = both("kind = \"varying\", rate_hz = \"20*(1 + sin(2*3.14159265*t/1000))\"");
  std::vector<double> quarter(4);
  for (uint64_t trial = 0; trial < 10; ++trial)
    for (const auto t : drawn(rates, trial).excitatory.time_ms) quarter[t % 1000 / 250] += 1;
  // Of each second the integral over a quarter is 20 Hz (0.25 +- 1/(2 pi)) s, by 50 synapses, 40 seconds.
  const double up = 20 * (0.25 + 1 / (2 * std::numbers::pi)) * 50 * 40,
               down = 20 * (0.25 - 1 / (2 * std::numbers::pi)) * 50 * 40;
  for (const auto& [found, expected] :
       {std::pair{quarter[0], up}, {quarter[1], up}, {quarter[2], down}, {quarter[3], down}})
    EXPECT_NEAR(found, expected, 5 * std::sqrt(expected));
}

TEST(GroupInput, CorrelatedSpikesHaveTheirCorrelation) {
  const auto rates = both("kind = \"correlated\", rate_hz = 10, correlation = 0.3");
  double sum = 0, pairs = 0, spikes = 0;
  for (uint64_t trial = 0; trial < 10; ++trial) {
    const auto of = raster(drawn(rates, trial));
    for (size_t s = 0; s < 50; s += 2) {
      double mean_a = 0, mean_b = 0, product = 0;
      for (size_t t = 0; t < static_cast<size_t>(kDuration_ms); ++t) {
        mean_a += of[s][t];
        mean_b += of[s + 1][t];
        product += of[s][t] * of[s + 1][t];
      }
      spikes += mean_a + mean_b;
      mean_a /= kDuration_ms;
      mean_b /= kDuration_ms;
      const double covariance = product / kDuration_ms - mean_a * mean_b;
      sum += covariance / std::sqrt(mean_a * (1 - mean_a) * mean_b * (1 - mean_b));
      pairs += 1;
    }
  }
  // In bins of 1 ms: (p c - p^2)/(p (1 - p)), of p = 0.01.
  EXPECT_NEAR(sum / pairs, (0.3 - 0.01) / 0.99, 0.03);
  EXPECT_NEAR(spikes / (50 * 40), 10, 0.7);
}

TEST(GroupInput, PatternsGoInTheirOrder) {
  const auto first_of = [](const std::string& order) {
    const auto input =
        drawn(both("kind = \"patterns\", interval_ms = 5, pause_ms = 500, order = \"" + order + "\""), 1);
    const auto& e = input.excitatory;
    // From 500 ms on, 50 synapses 5 ms apart; the next one from 500 ms after its last spike on.
    EXPECT_EQ(e.time_ms[0], 500u);
    EXPECT_EQ(e.time_ms[49], 745u);
    EXPECT_EQ(e.time_ms[50], 1245u);
    return std::vector<uint32_t>(e.synapse.begin(), e.synapse.begin() + 50);
  };
  const auto inward = first_of("inward"), outward = first_of("outward"), random = first_of("random");
  EXPECT_TRUE(std::ranges::is_sorted(outward));
  EXPECT_TRUE(std::ranges::is_sorted(inward.rbegin(), inward.rend()));
  EXPECT_FALSE(std::ranges::is_sorted(random));
  EXPECT_EQ(std::set<uint32_t>(random.begin(), random.end()).size(), 50u);
}

TEST(GroupInput, NetStimsWithoutNoiseAreRegularAndWithNoiseKeepTheirMean) {
  const auto input = drawn(both("kind = \"netstim\", start = 20, interval = 30, number = 3"), 1);
  EXPECT_EQ(input.excitatory.time_ms.size(), 150u);
  EXPECT_EQ(std::set<uint32_t>(input.excitatory.time_ms.begin(), input.excitatory.time_ms.end()),
            (std::set<uint32_t>{20, 50, 80}));
  const auto noisy = drawn(both("kind = \"netstim\", start = 0, interval = 50, noise = 1"), 1);
  EXPECT_NEAR(rate_hz(noisy.excitatory, 50), 20, 5 * std::sqrt(20 / 200.0));
  const auto shared = raster(drawn(both("kind = \"netstim\", interval = 50, noise = 1, shared = true"), 1));
  EXPECT_EQ(shared[0], shared[49]);
}

TEST(GroupInput, GroupsMixWithTheSlowRatesOfTheOthersAndLeaveTheirSpikesAlone) {
  const std::string slow =
      "interval_ms = [50]\nsmoothing_sd_ms = [60]\nexcitatory_per_100ms = [10, 30]\n"
      "inhibition_above_excitation = 5.0\n";
  const auto mixed = drawn(read(slow + "groups = { b = { kind = \"poisson\", rate_hz = 7 } }\n"), 2);
  const auto plain = drawn(read(slow), 2);
  EXPECT_GT(plain.excitatory.time_ms.size(), 100u);
  EXPECT_EQ(mixed.excitatory.time_ms, plain.excitatory.time_ms);
  EXPECT_NE(mixed.inhibitory.time_ms, plain.inhibitory.time_ms);
  EXPECT_NEAR(rate_hz(mixed.inhibitory, 20), 7, 5 * std::sqrt(7 / 80.0));
}

TEST(GroupInput, FactorsScaleRatesAndThinTrains) {
  RateFactors factors;
  factors.of_synapse.assign(70, 2.0);
  std::fill(factors.of_synapse.begin() + 50, factors.of_synapse.end(), 0.0);
  const auto doubled = drawn(both("kind = \"poisson\", rate_hz = 10"), 1, factors);
  EXPECT_NEAR(rate_hz(doubled.excitatory, 50), 20, 5 * std::sqrt(20 / 200.0));
  EXPECT_TRUE(doubled.inhibitory.time_ms.empty());

  const auto trains = both("kind = \"patterns\", interval_ms = 1, pause_ms = 10");
  const auto whole = drawn(trains, 1);
  factors.of_synapse.assign(70, 0.25);
  const auto thinned = drawn(trains, 1, factors);
  const double expected = 0.25 * static_cast<double>(whole.excitatory.time_ms.size());
  EXPECT_NEAR(static_cast<double>(thinned.excitatory.time_ms.size()), expected, 5 * std::sqrt(expected));

  auto scaled = both("kind = \"poisson\", rate_hz = 10");
  scaled.scale.assign(70, 3.0);
  EXPECT_NEAR(rate_hz(drawn(scaled, 1).excitatory, 50), 30, 5 * std::sqrt(30 / 200.0));
}

class RecordedInput : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = config::own_temporary_folder() / "recorded-input";
    fs::create_directories(folder_);
  }

  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  std::string refusal(const fs::path& file, const std::string& population = "") const {
    try {
      read_recorded_spikes(file, population);
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  }

  fs::path folder_;
};

TEST_F(RecordedInput, IsReadFromCsvInAnyOrderAndEitherUnit) {
  const auto spikes = read_recorded_spikes(write("a.csv", "time_s,unit\r\n0.5,3\r\n0.25,1\r\n"), "");
  EXPECT_EQ(spikes.time_ms, (std::vector<double>{250, 500}));
  EXPECT_EQ(spikes.unit, (std::vector<int64_t>{1, 3}));
  EXPECT_NE(refusal(write("b.csv", "when,who\n1,2\n")).find("expected unit"), std::string::npos);
  EXPECT_NE(refusal(write("c.csv", "unit,time_ms\n1,x\n")).find("c.csv:2: 'x' is no number"),
            std::string::npos);
  EXPECT_NE(refusal(write("d.csv", "unit,time_ms\n1,-1\n")).find("expected from 0"), std::string::npos);
  EXPECT_NE(refusal(write("e.txt", "")).find("expected .csv"), std::string::npos);
}

TEST_F(RecordedInput, IsReadFromSonataReplayFilesAndNwb) {
  const auto write_hdf5 = [&](const std::string& name, auto&& fill) {
    files::Hdf5Image image;
    fill(image);
    files::write_file_atomically(folder_ / name, image.bytes());
    return folder_ / name;
  };
  const std::vector<double> ms{7.5, 2};
  const auto sonata = write_hdf5("sonata.h5", [&](files::Hdf5Image& image) {
    image.write<double>("/spikes/cortex/timestamps", ms, "milliseconds");
    image.write<uint64_t>("/spikes/cortex/node_ids", std::vector<uint64_t>{4, 0}, "1");
    image.write<double>("/spikes/other/timestamps", ms, "milliseconds");
    image.write<uint64_t>("/spikes/other/node_ids", std::vector<uint64_t>{4, 0}, "1");
  });
  EXPECT_EQ(read_recorded_spikes(sonata, "cortex").unit, (std::vector<int64_t>{0, 4}));
  EXPECT_NE(refusal(sonata).find("cortex, other"), std::string::npos);
  const auto replay = write_hdf5("replay.h5", [&](files::Hdf5Image& image) {
    image.write<double>("/input/a/time_ms", ms, "ms");
    image.write<uint16_t>("/input/a/synapse", std::vector<uint16_t>{4, 0}, "index");
  });
  EXPECT_EQ(read_recorded_spikes(replay, "").time_ms, (std::vector<double>{2, 7.5}));
  const auto nwb = write_hdf5("units.nwb", [&](files::Hdf5Image& image) {
    image.write<double>("/units/spike_times", std::vector<double>{0.1, 0.3, 0.2}, "s");
    image.write<uint8_t>("/units/spike_times_index", std::vector<uint8_t>{2, 3}, "1");
  });
  EXPECT_EQ(read_recorded_spikes(nwb, "").unit, (std::vector<int64_t>{0, 1, 0}));
}

TEST_F(RecordedInput, GivesEachSplitAnotherPartOfTheRecording) {
  std::string csv = "unit,time_ms\n";
  for (int t = 0; t < 100'000; t += 10) csv += fmt::format("{},{}\n", t / 10 % 50, t);
  const auto file = write("long.csv", csv);
  const auto rates = read("groups = { a = { kind = \"recorded\", file = \"" + file.string() +
                          "\" }, b = { kind = \"poisson\", rate_hz = 1 } }\n");
  // The train is regular, and so are the trials: one spike each 10 ms, each synapse in turn.
  const auto input = draw_input(rates, 1, random::Stage::stimulus_train, 0, kDuration_ms);
  EXPECT_EQ(std::ssize(input.excitatory.time_ms), kDuration_ms / 10);
  EXPECT_EQ((input.excitatory.synapse[0] + 1) % 50, input.excitatory.synapse[1]);
  EXPECT_THROW(draw_input(rates, 1, random::Stage::stimulus_valid, 0, 10'001),
               InputError);  // a tenth is 10 s
  EXPECT_NO_THROW(draw_input(rates, 1, random::Stage::stimulus_train, 0, 10'001));
  EXPECT_THROW(read("groups = { b = { kind = \"recorded\", file = \"" + file.string() + "\" } }\n"),
               InputError)
      << "fifty units, twenty synapses";
}

TEST(GroupInput, WhatIsWrongIsRefusedByKey) {
  const auto refusal = [](const std::string& text) -> std::string {
    try {
      read(text);
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  };
  const auto says = [&](const std::string& text, const std::string& part) {
    const auto words = refusal(text);
    return words.find(part) != std::string::npos ? "" : words;
  };
  EXPECT_EQ(says("groups = { a = { kind = \"poison\", rate_hz = 1 } }", "poisson"), "");
  EXPECT_EQ(says("groups = { a = { kind = \"poisson\" } }", "'groups.a.rate_hz'"), "");
  EXPECT_EQ(says("groups = { a = { kind = \"poisson\", rate_hz = -1 } }", "'groups.a.rate_hz'"), "");
  EXPECT_EQ(says("groups = { a = { kind = \"varying\", rate_hz = \"x\" } }", "formula"), "");
  EXPECT_EQ(says("groups = { a = { kind = \"correlated\", rate_hz = 50, correlation = 0.01 } }", "1000 Hz"),
            "");
  EXPECT_NE(refusal("groups = { a = { kind = \"poisson\", rate_hz = 1 }, c = { kind = \"poisson\" } }\n"
                    "interval_ms = [50]\nsmoothing_sd_ms = [50]"),
            "accepted");
  EXPECT_EQ(says("groups = { bb = { kind = \"poisson\", rate_hz = 1 } }", "unknown key 'groups.bb'"), "");
  EXPECT_EQ(says("calibrate = { rate_hz = 1, groups = [\"c\"] }", "a, b"), "");
}

}  // namespace
}  // namespace nt::stimulus
