#include "random/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace neurontwin {
namespace {

TEST(Philox, GivesTheKnownAnswersOfItsAuthors) {
  using Counter = std::array<uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
            (Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, StreamsWithDifferentNamesDiffer) {
  std::set<uint32_t> first;
  int streams = 0;
  for (uint64_t seed : {1u, 2u}) {
    for (auto stage : {Stage::stimulus_train, Stage::stimulus_test}) {
      for (uint64_t trial : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32}) {
        for (uint32_t stream : {0u, 1u}) {
          first.insert(Random(seed, stage, trial, stream).bits());
          ++streams;
        }
      }
    }
  }
  EXPECT_EQ(static_cast<int>(first.size()), streams);
}

TEST(Random, MomentsAreThoseOfTheDistributions) {
  Random r(1, Stage::test_cases, 0, 0);
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
  Random r(7, Stage::test_cases, 0, 0);
  std::set<int64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(r.integer(-2, 2));
  EXPECT_EQ(seen, (std::set<int64_t>{-2, -1, 0, 1, 2}));
}

}  // namespace
}  // namespace neurontwin
