#include "cli/progress_line.hpp"

#include <gtest/gtest.h>

namespace nt::cli {
namespace {

const neurontwin::Progress kTraining{"train", 30, 120, "steps",
                                     "loss 0.0123 of the epoch before, and more words"};

TEST(ProgressLine, SaysHowFarHowFastAndHowLongStill) {
  EXPECT_EQ(progress_line({"train", 30, 120, "steps", "loss 0.5"}, {10, 10}, 80),
            "train     30/120 steps  2/s  45 s left  loss 0.5");
}

TEST(ProgressLine, NeverTakesMoreThanTheTerminalsWidth) {
  for (const size_t columns : {20, 40, 79, 199}) {
    EXPECT_LE(progress_line(kTraining, {10, 0}, columns).size(), columns);
    EXPECT_LE(progress_line_with_bar(kTraining, {10, 0}, columns).size(), columns);
  }
}

TEST(ProgressLine, HasABarOnlyWhereThereIsRoomForOne) {
  EXPECT_EQ(progress_line_with_bar(kTraining, {10, 0}, 200).substr(0, 26), "[======                  ]");
  EXPECT_EQ(progress_line_with_bar(kTraining, {10, 0}, 60)[0], 't');
}

TEST(ProgressLine, PromisesNoTimeLeftForUnevenParts) {
  const auto line = progress_line({"evaluate", 1, 5, "parts", "curves", false}, {12, 0}, 80);
  EXPECT_EQ(line, "evaluate  1/5 parts  12 s so far  curves");
}

TEST(ProgressLine, PromisesNoTimeLeftBeforeItCanBeKnown) {
  EXPECT_EQ(progress_line({"train", 1, 120, "steps", ""}, {0.2, 0}, 80), "train     1/120 steps  5/s");
}

TEST(ProgressLine, OfAResumedStageDoesNotCountWhatWasDoneBefore) {
  EXPECT_EQ(progress_line({"simulate", 96, 96, "trials", ""}, {3, 96}, 80), "simulate  96/96 trials");
}

TEST(ProgressLine, FillsTheBarAtTheEnd) {
  EXPECT_EQ(progress_line_with_bar({"simulate", 96, 96, "trials", ""}, {3, 90}, 80).substr(0, 26),
            "[========================]");
}

}  // namespace
}  // namespace nt::cli
