#include "config/shown.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace nt::config {
namespace {

TEST(Shown, ANumberHasItsFormatAndWhatIsNoneIsADash) {
  EXPECT_EQ(shown(0.98614, "{:.3f}"), "0.986");
  EXPECT_EQ(shown(12.3456), "12.3");
  EXPECT_EQ(shown(std::numeric_limits<double>::quiet_NaN(), "{:.3f}"), "-");
}

}  // namespace
}  // namespace nt::config
