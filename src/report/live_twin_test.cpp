#include "report/live_twin.hpp"

#include <gtest/gtest.h>

#include "twin/recurrent.hpp"

namespace nt::report {
namespace {

/// Three synapses on two branches, the last one on both.
twin::Twin small_twin() {
  twin::RecurrentSpec spec;
  spec.memory_units = 3;
  spec.wiring.branches = 2;
  spec.wiring.first = {0, 1, 2, 4};
  spec.wiring.branch = {0, 1, 0, 1};
  spec.excitatory_channels = 2;
  return twin::Twin(twin::TwinSpec(spec), 3, 5);
}

TEST(LiveTwin, CarriesSizesAndNumbersWithTheLeastByteFirst) {
  auto twin = small_twin();
  std::ranges::copy(std::vector<float>{1, -2, 0.5f, 0}, twin.array("recurrent.synapse_weight").begin());
  const auto json = live_twin_json(twin);
  EXPECT_EQ(json["branches"], 2);
  EXPECT_EQ(json["hidden"], 6);
  EXPECT_EQ(json["units"], 3);
  // 1 is 00 00 80 3f, -2 is 00 00 00 c0, 0.5 is 00 00 00 3f.
  EXPECT_EQ(json["contact_weight"], "AACAPwAAAMAAAAA/AAAAAA==");
  EXPECT_EQ(json["first_contact"], "AAAAAAEAAAACAAAABAAAAA==");
  EXPECT_FLOAT_EQ(json["soma"]["constant"].get<float>(), -67.7f + twin.array("soma_bias")[0]);
}

TEST(LiveTwin, ThatIsTooLargeOrOfAnotherKindSaysWhyThereIsNone) {
  EXPECT_EQ(live_twin_json(small_twin(), 100)["why_not"],
            "Its weights take 0.0 MB, and a page carries 0.0 MB at most.");
  const twin::TwinSpec convolutional(twin::ConvolutionalSpec({{3, 2}}));
  EXPECT_EQ(live_twin_json(twin::Twin(convolutional, 3, 5)),
            (nlohmann::ordered_json{
                {"why_not", "It is a convolutional one, and a page can run recurrent twins alone."}}));
}

}  // namespace
}  // namespace nt::report
