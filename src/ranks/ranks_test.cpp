#include "ranks/ranks.hpp"

#include <gtest/gtest.h>

#include <array>

namespace nt::ranks {
namespace {

TEST(Ranks, ShareAllThingsInOrder) {
  for (const int ranks : {1, 2, 3, 7}) {
    for (const int64_t count : {0, 1, 5, 7, 100}) {
      int64_t next = 0, least = count, most = 0;
      for (int r = 0; r < ranks; ++r) {
        const auto share = share_of(count, r, ranks);
        EXPECT_EQ(share.first, next);
        next += share.count;
        least = std::min(least, share.count);
        most = std::max(most, share.count);
      }
      EXPECT_EQ(next, count);
      EXPECT_LE(most - least, 1);
    }
  }
}

TEST(Ranks, HaveAWindowEachWhereThereAreEnough) {
  for (int r = 0; r < 8; ++r) EXPECT_GE(share_of(8, r, 8).count, 1);
}

TEST(Ranks, OneAloneKeepsWhatItHas) {
  const auto one = joined();
  EXPECT_EQ(one->size(), 1);
  EXPECT_TRUE(one->is_first());
  std::string text = "kept";
  one->from_first(text);
  EXPECT_EQ(text, "kept");
  std::array numbers{1.0F, 2.0F};
  one->sum(std::span<float>(numbers));
  EXPECT_EQ(numbers, (std::array{1.0F, 2.0F}));
  EXPECT_TRUE(one->any(true));
  EXPECT_FALSE(one->any(false));
  EXPECT_TRUE(first_says(*one, [] { return true; }));
}

TEST(Ranks, OneAloneIsDealtEverythingInOrder) {
  const auto dealer = deal(*alone(), 3, {});
  EXPECT_EQ(dealer->next(), 0);
  EXPECT_EQ(dealer->next(), 1);
  EXPECT_EQ(dealer->next(), 2);
  EXPECT_EQ(dealer->next(), std::nullopt);
  EXPECT_EQ(dealer->next(), std::nullopt);
  dealer->finish();
}

TEST(Ranks, OneAloneAnswersItself) {
  const auto desk = alone()->desk(
      [](int rank, const std::string& question) { return question + " of " + std::to_string(rank); });
  EXPECT_EQ(desk->ask("question"), "question of 0");
  desk->finish();
}

}  // namespace
}  // namespace nt::ranks
