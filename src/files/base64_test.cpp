#include "files/base64.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace nt::files {
namespace {

TEST(Base64, IsAsInTheExamplesOfRfc4648) {
  const auto of = [](std::string_view text) {
    return base64(std::vector<uint8_t>(text.begin(), text.end()));
  };
  EXPECT_EQ(of(""), "");
  EXPECT_EQ(of("f"), "Zg==");
  EXPECT_EQ(of("fo"), "Zm8=");
  EXPECT_EQ(of("foo"), "Zm9v");
  EXPECT_EQ(of("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64(std::vector<uint8_t>{0xff, 0xef, 0xbe}), "/+++");
}

}  // namespace
}  // namespace nt::files
