#include "evaluate/played_trial.hpp"

#include <gtest/gtest.h>

namespace nt::evaluate {
namespace {

TEST(PlayedTrial, HasNearlyTheMeanNumberOfSpikesAndTwoWhereThatCanBe) {
  const auto of = [](std::vector<int64_t> spikes) { return typical_trials(spikes).front(); };
  EXPECT_EQ(of({0, 9, 5, 6, 20}), 1u);    // the mean is 8
  EXPECT_EQ(of({0, 0, 4, 0, 3, 0}), 4u);  // the mean is 1.2, but little is to be seen below two
  EXPECT_EQ(of({0, 1, 0}), 1u);
  EXPECT_EQ(of({0, 0}), 0u);
  EXPECT_EQ(of({3, 3}), 0u);
}

TEST(PlayedTrial, TheOthersFollowInOrder) {
  EXPECT_EQ(typical_trials(std::vector<int64_t>{0, 9, 5, 6, 20}), (std::vector<size_t>{1, 3, 2, 4, 0}));
}

TEST(PlayedTrial, OpensShortlyBeforeNeuronAndTwinSpikeTogether) {
  const auto of = [](std::vector<int64_t> predicted, std::vector<int64_t> actual) {
    const auto opening = opening_of(predicted, actual);
    return std::pair(opening.at_ms, opening.is_hit);
  };
  EXPECT_EQ(of({100, 703, 900, 1203}, {100, 700, 902, 1203}), std::pair(int64_t{896}, true));
  EXPECT_EQ(of({100, 703}, {101, 700}), std::pair(int64_t{96}, true));  // none after the first half second
  EXPECT_EQ(of({650}, {3, 700}), std::pair(int64_t{696}, false));       // no hit at all
  EXPECT_EQ(of({}, {3}), std::pair(int64_t{0}, false));
  EXPECT_EQ(of({650}, {}), std::pair(int64_t{0}, false));
}

}  // namespace
}  // namespace nt::evaluate
