// What fuzzing found, read again by every reader: a file is refused with a message, or read, and nothing
// else.
#include <gtest/gtest.h>

#include <filesystem>

#include "files/files.hpp"
#include "readers.hpp"

namespace neurontwin {
namespace {

namespace fs = std::filesystem;

TEST(Corpus, EveryReaderReadsOrRefusesEveryFile) {
  int files = 0, accepted[kReaders] = {};
  for (const auto& entry : fs::recursive_directory_iterator(CORPUS)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const auto bytes = read_file(entry.path());
    for (const auto reader :
         {Reader::swc, Reader::asc, Reader::nmodl, Reader::toml, Reader::twin, Reader::checkpoint}) {
      // Also cut short, as a full disk or a lost connection leaves it.
      for (const size_t length :
           {bytes.size(), bytes.size() / 2, bytes.size() - std::min<size_t>(bytes.size(), 3)}) {
        SCOPED_TRACE(entry.path().string());
        try {
          read_as(reader, std::string_view(bytes).substr(0, length));
          ++accepted[static_cast<int>(reader)];
        } catch (const InputError& error) {
          EXPECT_STRNE(error.what(), "");
        }
      }
    }
  }
  EXPECT_GE(files, 20);
  // Some of the files are whole: a reader that refuses all has not been tried.
  for (const int n : accepted) EXPECT_GE(n, 2);
}

}  // namespace
}  // namespace neurontwin
