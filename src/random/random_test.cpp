#include "random/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>
#include <type_traits>

#include "random/draws.hpp"
#include "random/failures_table.hpp"

namespace nt::random {
namespace {

TEST(Philox, GivesTheKnownAnswersOfItsAuthors) {
  using Counter = std::array<uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
            (Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Draws, OfAMechanismAreThoseOfItsTrialAndStreamAlone) {
  // Of each pair of trials, streams, numbers and halves: no two alike.
  std::set<double> seen;
  for (const uint64_t seed : {1u, 2u})
    for (const auto stage : {Stage::stimulus_train, Stage::stimulus_test, Stage::given_input})
      for (const uint64_t trial : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32})
        for (const uint32_t stream : {0u, 1u, 0x80000000u})
          for (const uint32_t n : {0u, 1u, 70000u})
            for (const int half : {0, 1}) {
              const DrawStream from{trial_key(seed, stage, trial), stream};
              EXPECT_EQ(uniform_draw(from, n, half), uniform_draw(from, n, half));
              seen.insert(uniform_draw(from, n, half));
            }
  EXPECT_EQ(seen.size(), 2u * 3 * 3 * 3 * 3 * 2);
}

TEST(Draws, OfAStreamByNumbersAreThoseOfTheStreamByName) {
  constexpr NumberedStream kByNumbers{static_cast<uint32_t>(Stage::test_cases), 0, 10};
  for (const uint64_t trial : {uint64_t{3}, uint64_t{5} << 40}) {
    Draws numbered(7, kByNumbers, 4, trial);
    Random named(7, Stage::test_cases, trial, {StreamName::test_case, 4});
    for (int k = 0; k < 20; ++k) {
      EXPECT_EQ(numbered.uniform(), named.uniform());
      EXPECT_EQ(numbered.integer(2, 9), named.integer(2, 9));
      EXPECT_EQ(numbered.normal(), named.normal());
      EXPECT_EQ(numbered.failures(-0.1, 50), named.failures(-0.1, 50));
    }
  }
}

TEST(Draws, AreUniformAndTheirHalvesIndependent) {
  constexpr int kDraws = 100000;
  const DrawStream from{trial_key(1, Stage::test_cases, 0), 5};
  double sum = 0, squares = 0, product = 0;
  for (uint32_t n = 0; n < kDraws; ++n) {
    const double a = uniform_draw(from, n, 0) - 0.5, b = uniform_draw(from, n, 1) - 0.5;
    sum += a;
    squares += a * a;
    product += a * b;
  }
  const double variance = 1.0 / 12;  // and the fourth moment is 1/80; five standard errors each
  EXPECT_NEAR(sum / kDraws, 0, 5 * std::sqrt(variance / kDraws));
  EXPECT_NEAR(squares / kDraws, variance, 5 * std::sqrt((1.0 / 80 - variance * variance) / kDraws));
  EXPECT_NEAR(product / kDraws, 0, 5 * variance / std::sqrt(kDraws));
}

uint64_t first_draw(Random random) {
  const uint64_t high = random.bits();
  return (high << 32) | random.bits();
}

TEST(Failures, OfATableAreThoseOfTheLogarithm) {
  for (const double p : {1e-4, 0.0014, 0.014, 0.3, 0.99}) {
    const double log_failure = std::log1p(-p);
    for (const int64_t at_most : {0, 1, 639}) {
      const FailuresTable table(log_failure, at_most);
      Draws twice(1, {99, 0, 10}, 0, 0), once(1, {99, 0, 10}, 0, 0);
      for (int i = 0; i < 30'000; ++i)
        ASSERT_EQ(table.failures(once.uniform()), twice.failures(log_failure, at_most)) << p;
    }
    // Beside each step, where a rounding would show.
    const FailuresTable table(log_failure, 639);
    for (int k = 1; k < 639; ++k) {
      double u = std::exp(log_failure * k);
      for (int i = 0; i < 8; ++i) u = std::nextafter(u, 0);
      for (int i = 0; i < 16 && u > 0 && u < 1; ++i, u = std::nextafter(u, 1)) {
        ASSERT_EQ(table.failures(u), std::min<int64_t>(639, static_cast<int64_t>(std::log(u) / log_failure)));
      }
    }
  }
}

TEST(Random, StreamsWithDifferentNamesDiffer) {
  // 64 bits each: two of these would be equal by chance once in 10^13 programs.
  std::set<uint64_t> first;
  size_t streams = 0;
  for (const uint64_t seed : {0u, 1u, 2u, 3u, 1000u}) {
    for (const auto stage : kStages) {
      for (const uint64_t trial : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32}) {
        for (const auto& stream : kStreams) {
          if (stream.kind != kind_of(stage)) continue;
          for (const uint64_t member : std::set<uint64_t>{0, uint64_t{stream.count} - 1}) {
            first.insert(first_draw(Random(seed, stage, trial, {stream.name, member})));
            ++streams;
          }
        }
      }
    }
  }
  EXPECT_GT(streams, 1000u);
  EXPECT_EQ(first.size(), streams);
}

TEST(Random, NoTwoStreamsOfAStageShareANumber) {
  constexpr uint64_t kMembers = 200'001;  // more synapses than a neuron may have
  for (const auto stage : kStages) {
    std::set<uint32_t> numbers;
    size_t streams = 0;
    for (const auto& stream : kStreams) {
      if (stream.kind != kind_of(stage)) continue;
      for (uint64_t member = 0; member < std::min<uint64_t>(stream.count, kMembers); ++member, ++streams)
        numbers.insert(Stream(stream.name, member).number_in(stage));
    }
    EXPECT_GT(streams, 0u) << "stage " << static_cast<int>(stage) << " draws from no stream";
    EXPECT_EQ(numbers.size(), streams) << "stage " << static_cast<int>(stage);
  }
}

TEST(Random, AStageDrawsFromItsOwnStreamsOnly) {
  EXPECT_THROW(Random(1, Stage::bootstrap, 0, StreamName::rates), std::logic_error);
  EXPECT_THROW(Random(1, Stage::interpretation, 0, {StreamName::synapse, 19}), std::logic_error);
  EXPECT_THROW(Random(1, Stage::stimulus_train, 0, {StreamName::rates, 1}), std::logic_error);
}

TEST(Random, ANumberIsNoStream) {
  EXPECT_FALSE((std::is_constructible_v<Random, uint64_t, Stage, uint64_t, uint32_t>));
  EXPECT_FALSE((std::is_constructible_v<Random, uint64_t, Stage, uint64_t, int>));
}

TEST(Random, TheStreamsOfDataSetsHaveTheNumbersTheyAlwaysHad) {
  EXPECT_EQ(Stream(StreamName::rates).number_in(Stage::stimulus_test), 0u);
  EXPECT_EQ(Stream(StreamName::synapse, 19).number_in(Stage::stimulus_train), 20u);
  EXPECT_EQ(Stream(StreamName::sinusoid).number_in(Stage::stimulus_sinusoidal), 0xFFFF0000u);
  EXPECT_EQ(Stream(StreamName::driven_clusters).number_in(Stage::stimulus_clusters), 0xFFFF0001u);
  EXPECT_EQ(Stream(StreamName::bursts, 1).number_in(Stage::stimulus_synchrony), 0xFFFF0003u);
  EXPECT_EQ(Stream(StreamName::breadth).number_in(Stage::stimulus_train), 0xFFFFFFFEu);
  EXPECT_EQ(Stream(StreamName::pauses).number_in(Stage::stimulus_valid), 0xFFFFFFFFu);
  EXPECT_EQ(Stream(StreamName::window, 7).number_in(Stage::training_windows), 7u);
}

TEST(Random, MomentsAreThoseOfTheDistributions) {
  Random r(1, Stage::test_cases, 0, StreamName::test_case);
  const int n = 200000;
  double u = 0, z = 0, z2 = 0, g = 0;
  for (int i = 0; i < n; ++i) {
    u += r.uniform();
    const double x = r.normal();
    z += x;
    z2 += x * x;
    g += static_cast<double>(r.failures(std::log1p(-0.05), 1 << 20));
  }
  // Five standard errors each.
  EXPECT_NEAR(u / n, 0.5, 5 * 0.289 / std::sqrt(n));
  EXPECT_NEAR(z / n, 0, 5 / std::sqrt(n));
  EXPECT_NEAR(z2 / n, 1, 5 * std::sqrt(2.0 / n));
  EXPECT_NEAR(g / n, 0.95 / 0.05, 5 * std::sqrt(0.95) / 0.05 / std::sqrt(n));
}

TEST(Random, IntegersCoverTheirRangeAndNothingElse) {
  Random r(7, Stage::test_cases, 0, StreamName::test_case);
  std::set<int64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(r.integer(-2, 2));
  EXPECT_EQ(seen, (std::set<int64_t>{-2, -1, 0, 1, 2}));
}

}  // namespace
}  // namespace nt::random
