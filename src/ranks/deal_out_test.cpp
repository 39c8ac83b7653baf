#include "ranks/deal_out.hpp"

#include <gtest/gtest.h>

namespace nt::ranks {
namespace {

TEST(DealtOutWork, OfOneAloneIsTakenAsItIsMade) {
  std::string order;
  deal_out(
      *alone(), 3,
      [&](int64_t i) {
        order += "make ";
        return std::to_string(i);
      },
      [&](int64_t i, const std::string& made) {
        EXPECT_EQ(made, std::to_string(i));
        order += "take" + made + " ";
      });
  EXPECT_EQ(order, "make take0 make take1 make take2 ");
}

}  // namespace
}  // namespace nt::ranks
