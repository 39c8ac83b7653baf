#include "files/safetensors.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "config/error.hpp"

namespace nt::files {
namespace {

namespace fs = std::filesystem;

class Safetensors : public testing::Test {
 protected:
  Safetensors() : folder_(fs::path(testing::TempDir()) / fmt::format("safetensors-{}", ::getpid())) {
    fs::create_directories(folder_);
  }
  ~Safetensors() override { fs::remove_all(folder_); }

  fs::path file(const std::string& bytes) const {
    const auto path = folder_ / "a.safetensors";
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  /// What reading these bytes is refused with, apart from the file's name, which the message begins with.
  std::string refusal(const std::string& bytes) const { return refusal_of(file(bytes)); }
  static std::string refusal_of(const fs::path& path) {
    try {
      SafetensorsFile(path, "a twin").read();
      return "accepted";
    } catch (const InputError& error) {
      const std::string message = error.what(), name = path.string();
      return message.starts_with(name) ? message.substr(name.size() + 2) : "NAMES NO FILE: " + message;
    }
  }

  fs::path folder_;
};

std::string small_file() {
  const std::vector<float> bias{0.5f}, weight{1, 2, 3, 4, 5, 6};
  const std::vector<NamedFloats> arrays{{{"weight", {2, 3}}, weight}, {{"bias", {}}, bias}};
  return safetensors_bytes(arrays, {{"title", "a \"sha256\":\"title\""}});
}

/// A file with this header and so many bytes of arrays, and the right digest where there is one.
std::string with_header(const std::string& header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  bytes += header + std::string(data_bytes, '\0');
  seal_safetensors(bytes);
  return bytes;
}

const std::string kDigestText = R"("__metadata__":{"sha256":")" + std::string(64, '0') + "\"}";

TEST_F(Safetensors, ComeBackAsTheyWere) {
  SafetensorsFile read(file(small_file()), "a twin");
  EXPECT_EQ(read.arrays(), (std::vector<NamedShape>{{"weight", {2, 3}}, {"bias", {}}}));
  EXPECT_EQ(read.text("title"), "a \"sha256\":\"title\"");
  read.check_digest();
  const auto values = read.read();
  EXPECT_EQ(values.at("weight"), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(values.at("bias"), std::vector<float>{0.5f});
}

TEST_F(Safetensors, AreWhatTheFormatSays) {
  const auto bytes = small_file();
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(bytes[8], '{');
  EXPECT_EQ(length % 8, 0u);  // so that arrays lie as a processor wants them
  EXPECT_EQ(bytes.size(), 8 + length + 7 * sizeof(float));
  EXPECT_NE(bytes.find(R"("weight":{"data_offsets":[0,24],"dtype":"F32","shape":[2,3]})"), std::string::npos);
  EXPECT_EQ(small_file(), bytes);  // the same content, the same bytes
}

TEST_F(Safetensors, ShowEveryFlippedBit) {
  const auto whole = small_file();
  for (size_t i = 0; i < whole.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      auto flipped = whole;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      const auto message = refusal(flipped);
      EXPECT_NE(message, "accepted") << "bit " << bit << " of byte " << i;
      EXPECT_FALSE(message.starts_with("NAMES NO FILE")) << message;
    }
  }
  auto weight = whole;
  weight[whole.size() - 5] ^= 0x40;
  EXPECT_EQ(refusal(weight), "is damaged: it has changed since it was written (its SHA-256 differs)");
  EXPECT_THROW(SafetensorsFile(file(weight), "a twin").check_digest(), InputError);
}

TEST_F(Safetensors, CutShortOrContinuedAreRefused) {
  const auto whole = small_file();
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_NE(refusal(whole.substr(0, length)).find("cut short"), std::string::npos) << length;
  EXPECT_NE(refusal(whole + "x"), "accepted");
}

TEST_F(Safetensors, OfOthersWithoutADigestAreRefused) {
  const auto words = "has no digest; it is a safetensors file, but not a twin of neurontwin";
  const std::string array = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  EXPECT_EQ(refusal(with_header("{" + array + "}", 8)), words);
  EXPECT_EQ(refusal(with_header(R"({"__metadata__":{"format":"pt"},)" + array + "}", 8)), words);
  EXPECT_EQ(refusal(with_header(R"({"__metadata__":{"sha256":"12"},)" + array + "}", 8)), words);
  EXPECT_EQ(refusal(with_header("{" + kDigestText + "," + array + "}", 8)), "accepted");
}

TEST_F(Safetensors, WhoseArraysDoNotFitTheFileOrEachOtherAreRefused) {
  const auto message = [&](const std::string& arrays, size_t data_bytes) {
    return refusal(with_header("{" + kDigestText + "," + arrays + "}", data_bytes));
  };
  const auto array = [](const std::string& name, const std::string& shape, const std::string& ends) {
    return fmt::format(R"("{}":{{"dtype":"F32","shape":[{}],"data_offsets":[{}]}})", name, shape, ends);
  };
  EXPECT_EQ(message(array("a", "2", "0,8") + "," + array("b", "1", "8,12"), 12), "accepted");
  EXPECT_EQ(message(array("a", "0", "0,0") + "," + array("b", "1", "0,4"), 4), "accepted");
  const auto misplaced = "does not begin where the one before it ends";
  EXPECT_NE(message(array("a", "2", "0,8") + "," + array("b", "1", "4,8"), 8).find(misplaced),
            std::string::npos);  // overlap
  EXPECT_NE(message(array("a", "2", "0,8") + "," + array("b", "1", "12,16"), 16).find(misplaced),
            std::string::npos);  // hole
  EXPECT_NE(message(array("a", "2", "4,12"), 12).find(misplaced), std::string::npos);
  EXPECT_NE(message(array("a", "2", "0,8"), 4).find("4 bytes of arrays, its header says 8"),
            std::string::npos);
  EXPECT_NE(message(array("a", "2", "0,8"), 12).find("12 bytes of arrays"), std::string::npos);
  for (const auto* ends : {"0,4", "8,0", "0", "0,8,8", "0,9223372036854775807", "18446744073709551608,0"})
    EXPECT_NE(message(array("a", "2", ends), 8).find("the array 'a': 'data_offsets"), std::string::npos)
        << ends;
  for (const auto* shape : {"-1", "1.5", "\"2\"", "18446744073709551615", "[2]"})
    EXPECT_NE(message(array("a", shape, "0,8"), 8).find("the array 'a': 'shape"), std::string::npos) << shape;
  // Products that would come out right after an overflow of 64 bits: 2^32 x 2^32 x ... + 2.
  EXPECT_EQ(message(array("a", "4294967296,4294967296,4294967296", "0,0"), 0), "the array 'a' is too large");
  EXPECT_NE(message(array("a", "2", "0,8") + "," + array("a", "2", "8,16"), 16).find("key 'a' twice"),
            std::string::npos);
  EXPECT_NE(message(R"("a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]})", 8).find("\"F32\""),
            std::string::npos);
  EXPECT_NE(message(R"("a":{"shape":[1],"data_offsets":[0,4]})", 4).find("'dtype': is missing"),
            std::string::npos);
  EXPECT_NE(message(R"("a":[1,2])", 0).find("expected an object"), std::string::npos);
  EXPECT_NE(message(array("\\u001b[31m", "2", "0,8"), 8).find("an array's name"), std::string::npos);
}

TEST_F(Safetensors, WhoseHeaderIsNoneAreRefused) {
  EXPECT_NE(refusal(with_header("[]", 0)).find("is not a twin"), std::string::npos);
  EXPECT_NE(refusal(with_header("{]", 0)).find("is not JSON"), std::string::npos);
  EXPECT_NE(refusal(with_header("{\"a\":" + std::string(100000, '['), 0)).find("32 deep"), std::string::npos);
  EXPECT_NE(refusal(with_header(R"({"__metadata__":{"a":1}})", 0)).find("expected text"), std::string::npos);
  EXPECT_NE(refusal("PK\3\4 a zip archive").find("is not a twin"), std::string::npos);
  EXPECT_EQ(refusal(std::string(8, '\xff') + "{}"), "is not a twin (a safetensors file), or was cut short");
  EXPECT_EQ(refusal_of(folder_ / "gone"), "no such file");
  EXPECT_NE(refusal_of(folder_).find("is not an ordinary file"), std::string::npos);
  EXPECT_NE(refusal_of("/dev/zero").find("is not an ordinary file"), std::string::npos);
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_NE(refusal_of(folder_ / "pipe").find("is not an ordinary file"), std::string::npos);
}

TEST_F(Safetensors, OfGigabytesAreRefusedBeforeTheyAreRead) {
  const auto path = file(small_file());
  fs::resize_file(path, uint64_t{1} << 40);  // sparse: takes no room on the disk
  EXPECT_NE(refusal_of(path).find("bytes of arrays"), std::string::npos);
  auto header = std::string(8, '\0');
  header[4] = 1;  // a header of 4 GiB
  EXPECT_NE(refusal_of(file(header + "{")).find("cut short"), std::string::npos);
  fs::resize_file(folder_ / "a.safetensors", uint64_t{1} << 40);
  EXPECT_NE(refusal_of(folder_ / "a.safetensors").find("is not a twin"), std::string::npos);
}

TEST_F(Safetensors, AreComparedWithTheArraysExpected) {
  const SafetensorsFile read(file(small_file()), "a twin");
  const auto message = [&](std::vector<NamedShape> expected) -> std::string {
    try {
      read.require_arrays(expected);
      return "accepted";
    } catch (const InputError& error) {
      return std::string(error.what()).substr((folder_ / "a.safetensors").string().size() + 2);
    }
  };
  EXPECT_EQ(message({{"bias", {}}, {"weight", {2, 3}}}), "accepted");
  EXPECT_EQ(message({{"bias", {}}, {"weight", {3, 2}}}),
            "the array 'weight' has the shape [2, 3], expected [3, 2]");
  EXPECT_EQ(message({{"bias", {}}, {"weight", {2, 3}}, {"more", {1}}}), "has no array 'more'");
  EXPECT_EQ(message({{"bias", {}}}), "has an array 'weight' that does not belong to a twin");
}

TEST_F(Safetensors, AreNotWrittenWithNumbersThatDoNotFitTheShape) {
  const std::vector<float> five(5);
  EXPECT_THROW(safetensors_bytes(std::vector<NamedFloats>{{{"a", {2, 3}}, five}}, {}), RunError);
}

}  // namespace
}  // namespace nt::files
