#include "evaluate/played_trial.hpp"

#include <gtest/gtest.h>

namespace neurontwin {
namespace {

TEST(PlayedTrial, HasNearlyTheMeanNumberOfSpikesAndTwoWhereThatCanBe) {
  const auto of = [](std::vector<int64_t> spikes) { return typical_trial(spikes); };
  EXPECT_EQ(of({0, 9, 5, 6, 20}), 1u);    // the mean is 8
  EXPECT_EQ(of({0, 0, 4, 0, 3, 0}), 4u);  // the mean is 1.2, but little is to be seen below two
  EXPECT_EQ(of({0, 1, 0}), 1u);
  EXPECT_EQ(of({0, 0}), 0u);
  EXPECT_EQ(of({3, 3}), 0u);
}

}  // namespace
}  // namespace neurontwin
