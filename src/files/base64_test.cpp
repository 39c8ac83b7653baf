#include "files/base64.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "config/error.hpp"

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

TEST(Base64, ComesBackAsItWas) {
  std::vector<uint8_t> bytes;
  for (int n = 0; n < 300; ++n) {
    EXPECT_EQ(from_base64(base64(bytes)), bytes);
    bytes.push_back(static_cast<uint8_t>(7 * n));
  }
}

TEST(Base64, ThatIsNotWholeOrHoldsOtherCharactersIsRefused) {
  for (const auto* text : {"Zg=", "Zg", "Z===", "Zm9*", "Z=9v", "===="})
    EXPECT_THROW(from_base64(text), InputError);
}

}  // namespace
}  // namespace nt::files
