#include "stimulus/sequences.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace nt::stimulus {
namespace {

TEST(Directionality, IsOneInwardMinusOneOutwardAndCountsExchangesBetween) {
  EXPECT_EQ(directionality(std::vector<double>{90, 70, 50, 30, 10}), 1);
  EXPECT_EQ(directionality(std::vector<double>{10, 30, 50, 70, 90}), -1);
  // One exchange of neighbours away from inward, of ten pairs; then four.
  EXPECT_DOUBLE_EQ(directionality(std::vector<double>{90, 50, 70, 30, 10}), 1 - 2 * 1.0 / 10);
  EXPECT_DOUBLE_EQ(directionality(std::vector<double>{10, 90, 70, 50, 30}), 1 - 2 * 4.0 / 10);
  // Backwards it is the opposite.
  EXPECT_EQ(directionality(std::vector<double>{30, 90, 10, 50, 70}),
            -directionality(std::vector<double>{70, 50, 10, 90, 30}));
}

TEST(Directionality, HasNoDirectionWhereAllAreAtOneDistance) {
  EXPECT_EQ(directionality(std::vector<double>{40, 40, 40}), 0);
  EXPECT_EQ(directionality(std::vector<double>{40}), 0);
}

TEST(Sequence, InwardStartsAtTheFarthestSynapse) {
  const std::vector<uint32_t> synapses{4, 7, 2};
  const std::vector<double> distance_um{20, 100, 60};
  EXPECT_EQ(inward_order(synapses, distance_um), (SynapseOrder{7, 2, 4}));
}

TEST(Sequence, HasOneSpikeAtEachSynapseAtEqualIntervals) {
  const auto input = sequence_input(SynapseOrder{7, 2, 4}, 50, 5);
  EXPECT_EQ(input.excitatory.synapse, (std::vector<uint32_t>{7, 2, 4}));
  EXPECT_EQ(input.excitatory.time_ms, (std::vector<uint32_t>{50, 55, 60}));
  EXPECT_TRUE(input.inhibitory.synapse.empty());
}

TEST(RandomOrders, AreAllPermutationsEquallyOftenAndTheSameForASeed) {
  const std::vector<uint32_t> synapses{3, 5, 8};
  const auto orders = random_orders(synapses, 6000, 1);
  std::map<SynapseOrder, int> times;
  for (const auto& order : orders) ++times[order];
  ASSERT_EQ(times.size(), 6u);
  for (const auto& [order, n] : times) {
    auto sorted = order;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(sorted, synapses);
    EXPECT_NEAR(n, 1000, 150);  // five standard deviations of a binomial: sqrt(6000 5/36) = 29
  }
  EXPECT_EQ(random_orders(synapses, 10, 1), std::vector(orders.begin(), orders.begin() + 10));
  EXPECT_NE(random_orders(synapses, 10, 2), std::vector(orders.begin(), orders.begin() + 10));
}

}  // namespace
}  // namespace nt::stimulus
