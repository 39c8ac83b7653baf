#include "interpret/probes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "interpret/detail/dendrite_parts.hpp"
#include "interpret/detail/recorded_trials.hpp"

namespace nt::interpret {
namespace {

namespace fs = std::filesystem;

const fs::path kProject = fs::path(__FILE__).parent_path().parent_path().parent_path();

produce::DatasetPlan point_plan(double threshold_mV) {
  produce::DatasetPlan plan;
  cell::IntegrateAndFire cell;
  cell.threshold_mV = threshold_mV;
  plan.cell = cell;
  plan.stimulus.interval_ms = {50};
  plan.stimulus.smoothing_sd_ms = {60};
  plan.data = {.trial_ms = 1500, .train_trials = 1, .valid_trials = 1, .test_trials = 5};
  plan.seed = 5;
  plan.identity = {80, 20, plan.data.trial_ms, plan.seed, ""};
  return plan;
}

/// The twin of one linear unit whose filters are the integrate-and-fire neuron's own potentials.
twin::Twin perfect_point_twin() {
  twin::ConvolutionalSpec unit({{141, 1}});
  unit.activation = twin::Activation::linear;
  twin::Twin twin(twin::TwinSpec(unit), 100, 1);
  const auto weight = twin.array("layer1_weight");
  for (size_t i = 0; i < weight.size(); ++i)
    weight[i] =
        static_cast<float>((i / 141 < 80 ? 1.0 : -1.0) * std::exp(-static_cast<double>(i % 141) / 20));
  return twin;
}

ProbeSpec probes_of(const cell::Neuron& cell, const std::string& settings) {
  return read_probes(config::Settings::from_text(settings, "probes.toml"), cell);
}

LayerProbes probed(const produce::DatasetPlan& plan, const std::string& settings) {
  auto twin = perfect_point_twin();
  return probe_layers(twin, probes_of(plan.cell, settings), plan, 1);
}

TEST(Probes, OfTheIntegrateAndFireTwinsUnitFindTheVoltageBetweenSpikes) {
  // A neuron whose threshold is out of reach is always between spikes: its voltage is the unit's sum.
  const auto quiet = probed(point_plan(1000), "trials_fit = 4\ntrials_score = 3\nskip_ms = 200");
  EXPECT_EQ(quiet.layers, std::vector<std::string>{"layer 1"});
  ASSERT_EQ(quiet.quantities.size(), 1u);
  const auto& v = quiet.quantities[0];
  EXPECT_EQ(v.quantity.name(), "soma.v");
  EXPECT_NEAR(v.trained[0]->value, 1, 1e-4);
  EXPECT_NEAR(v.voltage->value, 1, 1e-5);  // told what it is asked
  EXPECT_LT(v.untrained[0]->value, 0.8);
  EXPECT_GT(v.trained_minus_untrained[0]->low, 0.2);
  // One that fires is reset, which a sum over its input does not know.
  const auto firing = probed(point_plan(-55), "trials_fit = 4\ntrials_score = 3\nskip_ms = 200");
  const auto found = *firing.quantities[0].trained[0];
  EXPECT_LT(found.value, 0.99);
  EXPECT_GT(found.value, 0.3);
  EXPECT_LE(found.low, found.value);
  EXPECT_GE(found.high, found.value);
}

TEST(Probes, SeeTheTrialsOfTheTestStream) {
  const auto plan = point_plan(-55);
  const std::vector<simulate::Quantity> v{{"soma", "v", "mV", {0}}};
  std::vector<RecordedTrial> trials;
  for_each_recorded(plan, {v, false, 11, "test"}, 1, {},
                    [&](size_t first, std::span<const RecordedTrial> recorded) {
                      EXPECT_EQ(first, trials.size());
                      trials.insert(trials.end(), recorded.begin(), recorded.end());
                    });
  ASSERT_EQ(trials.size(), 11u);
  const auto input =
      stimulus::draw_input(plan.stimulus, plan.seed, random::Stage::stimulus_test, 9, plan.data.trial_ms);
  EXPECT_EQ(trials[9].input.excitatory.time_ms, input.excitatory.time_ms);
  EXPECT_EQ(trials[9].quantities[0], trials[9].soma_mV);
  const auto events = events_of(input, 80, 30);
  EXPECT_EQ(events.size(), 3 * (input.excitatory.time_ms.size() + input.inhibitory.time_ms.size()));
  int32_t last_channel = 0;
  for (size_t e = 0; e < events.size(); e += 3) last_channel = std::max(last_channel, events[e + 1]);
  EXPECT_EQ(last_channel, 80 + static_cast<int32_t>(std::ranges::max(input.inhibitory.synapse)));
  EXPECT_EQ(events[2], 30 + static_cast<int32_t>(input.excitatory.time_ms[0]));
}

TEST(AnUntrainedNetwork, IsOfTheSameShapeWithOtherWeightsAndNormalisesItsOwnActivity) {
  twin::ConvolutionalSpec spec({{20, 6}, {5, 4}});
  spec.batch_norm = true;
  spec.bias = 0.5;
  const twin::Twin twin(twin::TwinSpec(spec), 100, 1);
  const auto plan = point_plan(-55);
  std::vector<std::vector<int32_t>> events;
  for (uint64_t trial = 0; trial < 3; ++trial)
    events.push_back(
        events_of(stimulus::draw_input(plan.stimulus, 5, random::Stage::stimulus_test, trial, 1500), 80,
                  twin.history_ms()));
  auto fresh = untrained_network(twin, 2, events, 1500);
  EXPECT_FALSE(std::ranges::equal(fresh.array("layer1_weight"), twin.array("layer1_weight")));
  std::array<std::vector<double>, 6> activity;  // [unit][ms of all trials]
  for (const auto& of_trial : events) {
    fresh.forward(twin::SpikeWindows{of_trial, 1, 1500});
    const auto layer = fresh.hidden()[0];
    for (size_t i = 0; i < layer.values.size(); ++i)
      activity[i % 6].push_back(static_cast<double>(layer.values[i]));
  }
  for (size_t unit = 0; unit < 6; ++unit) {
    const auto& x = activity[unit];
    const auto n = static_cast<double>(x.size());
    const double mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
    const double sd = std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0) / n - mean * mean);
    // A unit that never wakes is constant. Trials differ in what they normalise by.
    if (sd < 1e-6) continue;
    EXPECT_NEAR(mean, 0, 0.1) << unit;
    EXPECT_NEAR(sd, 1, 0.15) << unit;
  }
}

cell::DetailedCell layer_five_cell() {
  return cell::read_detailed_cell(config::Settings::from_file(kProject / "cells/l5pc.toml"),
                                  kProject / "cells");
}

TEST(DendriteParts, OfTheLayerFiveTreeAreBasalObliqueTrunkAndTuft) {
  const auto cell = layer_five_cell();
  std::vector<int> part(cell.geometry.compartments.size(), 0);
  std::vector<std::string> names;
  for (const auto& [name, compartments] : dendrite_parts(cell)) {
    names.push_back(name);
    for (const int c : compartments) {
      ++part[c];
      const auto& here = cell.geometry.compartments[c];
      EXPECT_EQ(cell.geometry.region(c),
                name == "basal" ? morphology::Region::basal : morphology::Region::apical);
      // The built-in tree's trunk is straight and ends where the tuft begins (docs/morphology.md).
      if (name == "tuft") {
        EXPECT_GT(here.path_um, 600);
      }
      if (name == "oblique") {
        EXPECT_LT(here.path_um, 683);
      }
    }
  }
  EXPECT_EQ(names, (std::vector<std::string>{"basal", "oblique", "trunk", "tuft"}));
  for (size_t c = 0; c < part.size(); ++c) {
    const auto region = cell.geometry.region(static_cast<int>(c));
    EXPECT_EQ(part[c], region == morphology::Region::basal || region == morphology::Region::apical ? 1 : 0)
        << c;
  }
}

std::string refusal(const cell::Neuron& cell, const std::string& settings) {
  try {
    probes_of(cell, settings);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Probes, AreAskedForByPlaceAndByName) {
  const cell::Neuron cell = layer_five_cell();
  const std::string trials = "trials_fit = 4\ntrials_score = 4\n";
  const auto all = probes_of(cell, trials);
  const auto has = [&](const std::string& name) {
    return std::any_of(all.quantities.begin(), all.quantities.end(),
                       [&](const simulate::Quantity& q) { return q.name() == name; });
  };
  for (const auto* name :
       {"soma.v", "soma.NaTs2_t.m", "soma.NaTs2_t.h", "soma.SK_E2.z", "soma.cai", "nexus.v", "nexus.cai",
        "nexus.Ca_HVA.ica", "nexus.Ca_LVAst.ica", "basal.AMPANMDA.g_nmda", "oblique.AMPANMDA.g_nmda",
        "trunk.AMPANMDA.g_ampa", "tuft.DoubleExp.g"})
    EXPECT_TRUE(has(name)) << name;
  const auto some =
      probes_of(cell, trials + "places = [\"nexus\", \"soma\"]\nquantities = [\"cai\", \"nexus.v\"]");
  ASSERT_EQ(some.quantities.size(), 3u);
  EXPECT_EQ(some.quantities[0].name(), "soma.cai");
  EXPECT_TRUE(probes_of(cell, "").quantities.empty());  // off
}

TEST(Probes, ThatCannotBeAreRefusedWithWhatCan) {
  const cell::Neuron cell = layer_five_cell(), point = cell::IntegrateAndFire{};
  const std::string trials = "trials_fit = 4\ntrials_score = 4\n";
  EXPECT_NE(refusal(cell, trials + "quantities = [\"soma.NaX.m\"]").find("soma.NaTs2_t.m"),
            std::string::npos);
  EXPECT_NE(refusal(cell, trials + "places = [\"spine\"]").find("soma, nexus, basal"), std::string::npos);
  EXPECT_NE(refusal(point, trials + "quantities = [\"cai\"]").find("known: soma.v"), std::string::npos);
  EXPECT_NE(refusal(point, "trials_fit = 4").find("at least 2 of each"), std::string::npos);
  EXPECT_NE(refusal(cell, trials + "places = [\"basal\"]\nquantities = [\"cai\"]").find("none of"),
            std::string::npos);
}

}  // namespace
}  // namespace nt::interpret
