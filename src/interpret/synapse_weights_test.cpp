#include "interpret/synapse_weights.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace nt::interpret {
namespace {

TEST(SynapseWeights, AreSummedOverLagsWhateverTheirSignAndAveragedOverUnits) {
  twin::Twin twin(twin::TwinSpec(twin::ConvolutionalSpec({{3, 2}})), 2, 1);
  const auto weight = twin.array("layer1_weight");  // [channel][tap][unit]
  std::ranges::fill(weight, 0.0f);
  weight[6] = -2;  // of the second channel
  weight[10] = 1;
  weight[11] = 5;
  const auto weights = synapse_weights(twin);
  ASSERT_EQ(weights.size(), 2u);
  EXPECT_EQ(weights[0], 0);
  EXPECT_EQ(weights[1], (3 + 5) / 2.0);
}

}  // namespace
}  // namespace nt::interpret
