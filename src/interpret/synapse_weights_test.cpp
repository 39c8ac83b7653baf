#include "interpret/synapse_weights.hpp"

#include <gtest/gtest.h>

namespace neurontwin {
namespace {

TEST(SynapseWeights, AreSummedOverLagsWhateverTheirSignAndAveragedOverUnits) {
  TwinSpec spec;
  spec.layers = {{3, 2}};
  Twin twin(spec, 2, 1);
  {
    torch::NoGradGuard no_gradient;
    twin->first_weight.zero_();
    twin->first_weight[1][0][0] = -2;  // [channel][tap][unit]
    twin->first_weight[1][2][0] = 1;
    twin->first_weight[1][2][1] = 5;
  }
  const auto weights = synapse_weights(*twin);
  ASSERT_EQ(weights.size(), 2u);
  EXPECT_EQ(weights[0], 0);
  EXPECT_EQ(weights[1], (3 + 5) / 2.0);
}

}  // namespace
}  // namespace neurontwin
