#include "files/sha256.hpp"

#include <gtest/gtest.h>

namespace nt::files {
namespace {

TEST(Sha256, GivesTheDigestsOfTheStandard) {
  // FIPS 180-4's examples: less than a block, two blocks, and a million letters.
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, DoesNotDependOnThePiecesInWhichTheBytesCome) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) bytes += static_cast<char>(7 * i);
  for (size_t length = 0; length <= bytes.size(); length += 11) {
    const auto all = std::string_view(bytes).substr(0, length);
    for (const size_t piece : {1, 55, 56, 63, 64, 65, 130}) {
      Sha256 sum;
      for (size_t at = 0; at < length; at += piece) sum.add(all.substr(at, piece));
      EXPECT_EQ(sum.digits(), sha256(all)) << length << " bytes, " << piece << " at a time";
    }
  }
}

}  // namespace
}  // namespace nt::files
