#include "interpret/interventions.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "interpret/detail/exact_twin.hpp"

namespace nt::interpret {
namespace {

size_t spikes_of(const stimulus::SynapticInput& input) {
  return input.excitatory.time_ms.size() + input.inhibitory.time_ms.size();
}

TEST(Interventions, AddOneSpikeOrTakeAllOfOneSynapse) {
  stimulus::SynapticInput input;
  for (uint32_t t = 0; t < 300; t += 3) {
    input.excitatory.time_ms.push_back(t);
    input.excitatory.synapse.push_back(t % 5);
    input.inhibitory.time_ms.push_back(t + 1);
    input.inhibitory.synapse.push_back(t % 2);
  }
  for (uint64_t i = 0; i < 50; ++i) {
    random::Random random(1, random::Stage::test_cases, i, random::StreamName::test_case);
    const auto added = with_added_spike(input, 5, 300, 60, random);
    ASSERT_TRUE(added);
    EXPECT_EQ(spikes_of(added->input), spikes_of(input) + 1);
    EXPECT_TRUE(std::ranges::is_sorted(added->input.excitatory.time_ms));
    EXPECT_GE(added->from_ms, 100);
    EXPECT_LE(added->from_ms, 240);
    const auto silenced = with_silenced_synapse(input, 300, 60, random);
    ASSERT_TRUE(silenced);
    // A fifth of the excitatory spikes, or half of the inhibitory ones.
    const auto fewer = spikes_of(input) - spikes_of(silenced->input);
    EXPECT_TRUE(fewer == 20 || fewer == 50) << fewer;
    EXPECT_GE(silenced->from_ms, 100);
    EXPECT_LE(silenced->from_ms, 240);
  }
  random::Random random(1, random::Stage::test_cases, 99, random::StreamName::test_case);
  EXPECT_FALSE(with_silenced_synapse({}, 300, 60, random));
  EXPECT_FALSE(with_added_spike({}, 0, 300, 60, random));
}

TEST(Interventions, AreAnsweredByTheExactTwinAsByTheNeuron) {
  ExactTwin exact("interventions", 1000);  // never spikes: linear
  exact.plan.data.labels.soma_ceiling_mV = 1e4;
  const auto m = intervention_scores(exact.twin, exact.plan, exact.test, {.trials = 12}, 100, 1);
  for (const std::string name : {"response.added_spike.", "response.silenced_synapse."}) {
    EXPECT_EQ(m[name + "pairs"], 12);
    EXPECT_EQ(m[name + "left_out"], 0);
    EXPECT_GT(m[name + "power_explained"].number(), 0.9999);
    EXPECT_GT(m[name + "correlation"].number(), 0.9999);
  }
  // 2 mV that decay with 20 ms: the mean square over 100 ms is 4 x 10 x (1 - e^-10) / 100, to the step of 1
  // ms.
  EXPECT_NEAR(m["response.added_spike.rms_mV"].number(), std::sqrt(4 * 0.1), 0.02);
}

TEST(Interventions, ATwinHalfAsSensitiveMissesAQuarterOfThePower) {
  ExactTwin exact("interventions-half", 1000);
  exact.plan.data.labels.soma_ceiling_mV = 1e4;
  exact.twin.array("soma_weight")[0] = 0.5;
  const auto m = intervention_scores(exact.twin, exact.plan, exact.test, {.trials = 12}, 100, 1);
  EXPECT_NEAR(m["response.added_spike.power_explained"].number(), 0.75, 1e-3);
  EXPECT_GT(m["response.added_spike.correlation"].number(), 0.9999);
}

TEST(Interventions, ThatMakeOrMoveASpikeAreLeftOutAndCounted) {
  ExactTwin busy("interventions-busy", -74);
  const auto m = intervention_scores(busy.twin, busy.plan, busy.test, {.trials = 12}, 100, 1);
  for (const std::string name : {"response.added_spike.", "response.silenced_synapse."}) {
    EXPECT_GT(m[name + "left_out"].number(), 0) << name;
    EXPECT_LE(m[name + "pairs"].number() + m[name + "left_out"].number(), 12) << name;
  }
}

TEST(Interventions, OfFewPairsAreCountedAlone) {
  Responses few;
  few.kept.resize(4, {{1, 2}, {1, 2}});
  const auto m = response_scores("x", few, 10, 1);
  EXPECT_EQ(m.size(), 2u);
  EXPECT_EQ(m["x.pairs"], 4);
  few.kept.push_back({{1, 2}, {1, 2}});
  EXPECT_EQ(response_scores("x", few, 10, 1)["x.power_explained"], 1);
}

TEST(Interventions, AWindowLongerThanItsStretchIsRefused) {
  const auto settings = config::Settings::from_text("stretch_ms = 100\nafter_ms = 60\n");
  EXPECT_THROW(read_interventions(settings), InputError);
  EXPECT_EQ(read_interventions(config::Settings::from_text("trials = 0\nstretch_ms = 100\n")).trials, 0);
}

}  // namespace
}  // namespace nt::interpret
