#include "config/ordinary_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "config/error.hpp"
#include "config/temporary_folder.hpp"

namespace nt::config {
namespace {

std::string refusal(const std::filesystem::path& file, uint64_t most_bytes = 100) {
  try {
    read_bytes(file, most_bytes);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(OrdinaryFile, IsWhatIsReadAndNothingThatNeverEndsOrWaits) {
  const TemporaryFolder folder;
  const auto pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(refusal(pipe), pipe.string() + ": is a pipe, expected a file");
  EXPECT_EQ(refusal("/dev/zero"), "/dev/zero: is a device, expected a file");
  EXPECT_EQ(refusal(folder.path()), folder.path().string() + ": is a directory, expected a file");
  EXPECT_EQ(refusal(folder / "gone"),
            (folder / "gone").string() + ": cannot be read: No such file or directory");
}

TEST(OrdinaryFile, IsReadUpToABound) {
  const TemporaryFolder folder;
  const auto file = folder / "large";
  std::ofstream(file) << std::string(2'000'001, 'x');
  EXPECT_EQ(refusal(file, 2'000'000),
            file.string() + ": holds more than 2 MB, too much for a file of this kind");
  EXPECT_EQ(read_bytes(file, 2'000'001).size(), 2'000'001u);
  // Made up by the system: no size beforehand.
  EXPECT_FALSE(read_bytes("/proc/self/status", 1 << 20).empty());
}

TEST(OrdinaryFile, IsTheSameTextWhateverEndsItsLines) {
  const TemporaryFolder folder;
  const std::string text = "# a\n1 2\n\n3 4\n";
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    for (const std::string mark : {"", "\xEF\xBB\xBF"}) {
      std::string ended = mark;
      for (const char c : text) ended += c == '\n' ? end : std::string(1, c);
      const auto file = folder / "text";
      std::ofstream(file, std::ios::binary) << ended;
      EXPECT_EQ(read_text(file), text);
    }
  }
}

}  // namespace
}  // namespace nt::config
