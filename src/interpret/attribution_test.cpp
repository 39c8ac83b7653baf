#include "interpret/attribution.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "interpret/detail/exact_twin.hpp"

namespace nt::interpret {
namespace {

TEST(Attribution, OfALinearTwinIsWhatEachSpikeAdds) {
  ExactTwin exact("attribution", -55);
  const auto moments = drawn_moments(exact.test, 20, 0, 1);
  const auto batch = windows_at(exact.test, moments, exact.twin.history_ms());
  const auto attributions = attribute(exact.twin, batch, 1);
  std::vector<size_t> at(moments.size(), 0);
  for (int64_t i = 0; i < batch.event_count(); ++i) {
    const auto* event = &batch.events[3 * i];
    const auto& of = attributions[event[0]];
    const double lag = static_cast<double>(batch.history_ms - event[2]);
    const double sign = event[1] < 80 ? 1 : -1;
    ASSERT_NEAR(of.of_spike[at[event[0]]++], sign * std::exp(-lag / 20), 1e-5);
  }
}

TEST(Attribution, SumsToTheAnswerLessThatToSilence) {
  twin::ConvolutionalSpec layers({{12, 6}, {5, 4}});
  layers.weight_sd = 0.3;
  layers.batch_norm = true;
  twin::TwinSpec spec(layers);
  for (auto& head : spec.heads) head.weight_sd = 1;
  ExactTwin data("complete", -55);
  twin::Twin twin(spec, 100, 3);
  const auto batch = windows_at(data.test, drawn_moments(data.test, 30, 100, 1), twin.history_ms());
  for (const auto& of : attribute(twin, batch, 400)) {
    const double sum = std::accumulate(of.of_spike.begin(), of.of_spike.end(), 0.0);
    // The midpoint rule is off where a unit switches on within a step: by its share of 1/400 of the way.
    EXPECT_NEAR(sum, of.total, 0.01 * std::max(1.0, std::abs(of.total)));
  }
}

TEST(Attribution, OfATwinWithMemoryAddsUpToo) {
  // Four branches; every synapse feeds one, every third one another as well.
  twin::RecurrentSpec memory;
  memory.memory_units = 6;
  memory.history_ms = 60;
  memory.longest_memory_ms = 40;
  memory.excitatory_channels = 80;
  memory.wiring = {4, {0}, {}};
  for (int64_t c = 0; c < 100; ++c) {
    memory.wiring.branch.push_back(c % 4);
    if (c % 3 == 0) memory.wiring.branch.push_back((c + 1) % 4);
    memory.wiring.first.push_back(memory.wiring.contacts());
  }
  twin::TwinSpec spec(memory);
  for (auto& head : spec.heads) head.weight_sd = 1;
  ExactTwin data("memory", -55);
  auto twin = twin::in_double(twin::Twin(spec, 100, 3));
  const auto batch = windows_at(data.test, drawn_moments(data.test, 30, 100, 1), twin.history_ms());
  double most = 0, off = 0, off_with_few = 0;
  const auto sum = [](const Attribution& of) {
    return std::accumulate(of.of_spike.begin(), of.of_spike.end(), 0.0);
  };
  for (const auto& of : attribute(twin, batch, 400)) {
    most = std::max(most, std::abs(of.total));
    off = std::max(off, std::abs(sum(of) - of.total));
  }
  for (const auto& of : attribute(twin, batch, 100))
    off_with_few = std::max(off_with_few, std::abs(sum(of) - of.total));
  EXPECT_GT(most, 0.1) << "the twin should answer to its input";
  // The midpoint rule's error falls with the square of the steps: nothing else is left out.
  EXPECT_LT(off, 1e-3 * most);
  EXPECT_LT(off, off_with_few / 8);
}

TEST(MatchedMoments, SilencesAreSilentAndHadAsMuchInput) {
  ExactTwin exact("matched", -55);
  const auto matched = matched_moments(exact.test, 30, 20, 10, 1);
  ASSERT_GT(matched.spikes.size(), 5u);
  ASSERT_EQ(matched.spikes.size(), matched.silences.size());
  double apart = 0, at_random = 0;
  const auto input = [&](const Moment& m) {
    const auto trial = exact.test.trial(m.trial);
    const auto count = [&](const dataset::EventsView& e) {
      return static_cast<double>(e.between(std::max<int64_t>(0, m.ms - 19), m.ms + 1).time_ms.size());
    };
    return count(trial.excitatory) - count(trial.inhibitory);
  };
  for (size_t i = 0; i < matched.spikes.size(); ++i) {
    const auto &spike = matched.spikes[i], &silence = matched.silences[i];
    EXPECT_EQ(spike.trial, silence.trial);
    for (const float ms : exact.test.trial(silence.trial).spike_times_ms)
      EXPECT_GT(std::abs(ms - static_cast<float>(silence.ms)), 10);
    apart += std::abs(input(spike) - input(silence));
    at_random += std::abs(input(spike) - input(drawn_moments(exact.test, 1, 20, i)[0]));
  }
  EXPECT_LT(apart, 0.7 * at_random);
}

TEST(Attribution, ExcitationBringsSpikesAndInhibitionPreventsThem) {
  ExactTwin exact("summary", -55);
  const auto places = synapse_places(exact.plan.cell);
  const auto found =
      attribution_before_spikes(exact.twin, exact.test, places, {.spikes = 40, .steps = 4, .away_ms = 20}, 1);
  EXPECT_GT(found.spikes, 10);
  EXPECT_LT(found.largest_error, 1e-4);  // of a linear twin: rounding
  EXPECT_EQ(found.note, "");
  const auto &excitatory = found.sets[0], &inhibitory = found.sets[1];
  EXPECT_GT(excitatory.before_spikes.sum.value, excitatory.before_silences.sum.value);
  EXPECT_LT(inhibitory.before_spikes.sum.value, 0);
  const auto& bins = excitatory.before_spikes.by_lag;
  EXPECT_EQ(bins.size(), found.lag_ends_ms.size());
  const double sum = excitatory.before_spikes.sum.value;
  EXPECT_NEAR(std::accumulate(bins.begin(), bins.end(), 0.0), sum, 1e-9 * sum);
}

TEST(Attribution, WithoutOutputSpikesThereIsNone) {
  ExactTwin silent("silent", 1000);
  const auto found =
      attribution_before_spikes(silent.twin, silent.test, synapse_places(silent.plan.cell), {}, 1);
  EXPECT_EQ(found.spikes, 0);
  EXPECT_TRUE(found.sets.empty());
}

}  // namespace
}  // namespace nt::interpret
