#include "interpret/added_spike.hpp"

#include <gtest/gtest.h>

#include "interpret/detail/exact_twin.hpp"

namespace nt::interpret {
namespace {

TEST(AddedSpike, TheExactTwinsAnswerIsTheNeurons) {
  ExactTwin exact("added", 1000);  // never spikes: linear
  exact.plan.data.labels.soma_ceiling_mV = 1e4;
  const auto places = synapse_places(exact.plan.cell);
  const auto added =
      add_spikes(exact.twin, exact.plan, places, {.spikes = 20, .before_ms = 200, .after_ms = 100}, 1);
  ASSERT_EQ(added.kept.size(), 20u);
  for (const auto& spike : added.kept) {
    const double sign = spike.channel < 80 ? 1 : -1;
    EXPECT_NEAR(spike.neuron_mV[0], 2 * sign, 1e-4);
    for (size_t t = 0; t < spike.neuron_mV.size(); ++t)
      ASSERT_NEAR(spike.twin_mV[t], spike.neuron_mV[t], 1e-3);
  }
  const auto summary = summarise(added, places, 1);
  EXPECT_GT(summary.all.correlation.value, 0.99999);
  EXPECT_NEAR(summary.all.slope.value, 1, 1e-4);
  EXPECT_NEAR(summary.sets[1].neuron.noted.shape.decay_tau_ms, 20, 0.01);
  EXPECT_EQ(summary.sets[1].neuron.noted.notes.decay, "");
}

TEST(AddedSpike, ATwinHalfAsSensitiveHasHalfTheSlope) {
  ExactTwin exact("half", 1000);
  exact.plan.data.labels.soma_ceiling_mV = 1e4;
  exact.twin.array("soma_weight")[0] = 0.5;
  const auto places = synapse_places(exact.plan.cell);
  const auto added =
      add_spikes(exact.twin, exact.plan, places, {.spikes = 8, .before_ms = 200, .after_ms = 50}, 1);
  EXPECT_NEAR(summarise(added, places, 1).all.slope.value, 0.5, 1e-4);
}

TEST(AddedSpike, FewSpikesHaveNoCorrelationAndNoChangeHasNoShape) {
  AddedSpikes added;
  for (int k = 0; k < 4; ++k)
    added.kept.push_back({0, std::vector<double>(50, 1e-5), std::vector<double>(50, 0.1)});
  const std::vector<SynapsePlace> places(1);
  const auto summary = summarise(added, places, 1);
  EXPECT_TRUE(std::isnan(summary.all.correlation.value));
  EXPECT_EQ(summary.all.note, "4 added spikes: fewer than 5 say nothing of how well they agree");
  EXPECT_EQ(summary.each[0].neuron.notes.width, "no change above 0.001");
  EXPECT_NE(summary.each[0].twin.notes.width, "");  // constant: it does not end
}

TEST(AddedSpike, OutputSpikesAreNotSmallChangesAndLeftOut) {
  ExactTwin busy("busy", -74);
  const auto places = synapse_places(busy.plan.cell);
  const auto added =
      add_spikes(busy.twin, busy.plan, places, {.spikes = 30, .before_ms = 200, .after_ms = 100}, 1);
  EXPECT_GT(added.left_out, 0);
  EXPECT_EQ(static_cast<int64_t>(added.kept.size()) + added.left_out, 30);
  for (const auto& spike : added.kept)
    for (const double mV : spike.neuron_mV) EXPECT_LT(std::abs(mV), 10);
}

}  // namespace
}  // namespace nt::interpret
