#include "statistics/bootstrap.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace nt::statistics {
namespace {

TEST(Bootstrap, DrawsAsManyItemsAsThereAre) {
  const size_t items = 7, resamples = 50;
  const auto weight = resampling_weights(items, resamples, 1);
  for (size_t b = 0; b < resamples; ++b) {
    float drawn = 0;
    for (size_t i = 0; i < items; ++i) drawn += weight[i * resamples + b];
    EXPECT_EQ(drawn, 7);
  }
}

TEST(Bootstrap, DrawsEachItemAsOften) {
  // 40 000 draws of 4 items: 10 000 of each, standard deviation 87.
  const size_t items = 4, resamples = 10'000;
  const auto weight = resampling_weights(items, resamples, 2);
  for (size_t i = 0; i < items; ++i) {
    const auto row = weight.begin() + static_cast<int64_t>(i * resamples);
    EXPECT_NEAR(std::accumulate(row, row + static_cast<int64_t>(resamples), 0.0), 10'000, 400);
  }
}

TEST(Bootstrap, ASeedsFirstResamplesDoNotDependOnHowManyFollow) {
  const auto few = resampling_weights(5, 3, 9), many = resampling_weights(5, 30, 9);
  for (size_t i = 0; i < 5; ++i)
    for (size_t b = 0; b < 3; ++b) EXPECT_EQ(few[i * 3 + b], many[i * 30 + b]);
}

struct Sum {
  double n = 0, x = 0;
  void add(const Sum& o, double weight) {
    n += weight * o.n;
    x += weight * o.x;
  }
};

TEST(Bootstrap, AResampleIsTheSumOfTheItemsThatItDraws) {
  const std::vector<Sum> items{{1, 10}, {1, 20}, {1, 60}};
  const std::vector<float> weight{1, 0,   // of the first item in both resamples
                                  1, 0,   //
                                  1, 3};  //
  const auto mean =
      resampled_value(std::span<const Sum>(items), weight, 2, [](const Sum& s) { return s.x / s.n; });
  EXPECT_EQ(mean.value, 30);
  EXPECT_EQ(mean.resampled, (std::vector<double>{30, 60}));
}

}  // namespace
}  // namespace nt::statistics
