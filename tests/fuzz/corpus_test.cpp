// What fuzzing found, read again by every reader: a file is refused with a message, or read, and nothing
// else.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "files/files.hpp"
#ifdef LEARNING
#include "learning_readers.hpp"
#else
#include "readers.hpp"
#endif

namespace neurontwin {
namespace {

namespace fs = std::filesystem;

#ifdef LEARNING
constexpr auto& kTried = kLearningReaders;
constexpr auto read_by = read_as_learning;
#else
constexpr auto& kTried = kReaders;
constexpr auto read_by = read_as;
#endif

TEST(Corpus, EveryReaderReadsOrRefusesEveryFile) {
  int files = 0;
  std::map<Reader, int> accepted;
  for (const auto& entry : fs::recursive_directory_iterator(CORPUS)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const auto bytes = read_file(entry.path());
    for (const auto reader : kTried) {
      // Also cut short, as a full disk or a lost connection leaves it.
      for (const size_t length :
           {bytes.size(), bytes.size() / 2, bytes.size() - std::min<size_t>(bytes.size(), 3)}) {
        SCOPED_TRACE(entry.path().string());
        try {
          read_by(reader, std::string_view(bytes).substr(0, length));
          ++accepted[reader];
        } catch (const InputError& error) {
          EXPECT_STRNE(error.what(), "");
        } catch (const RunError& error) {
          EXPECT_STRNE(error.what(), "");
        }
      }
    }
  }
  EXPECT_GE(files, 20);
  // Some of the files are whole: a reader that refuses all has not been tried.
  for (const auto reader : kTried) EXPECT_GE(accepted[reader], 1) << static_cast<int>(reader);
}

}  // namespace
}  // namespace neurontwin
