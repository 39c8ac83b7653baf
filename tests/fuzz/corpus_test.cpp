// What fuzzing found, read again by every reader: a file is refused with a message, or read, and nothing
// else.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>

#include "files/base64.hpp"
#include "files/files.hpp"
#ifdef LEARNING
#include "learning_readers.hpp"
#else
#include "readers.hpp"
#endif

namespace nt {
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
    const auto bytes = files::read_file(entry.path());
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

/// Bytes changed, cut out, doubled, or put in from another file.
std::string changed(std::string bytes, const std::vector<std::string>& all, std::mt19937& random) {
  const auto below = [&](size_t n) { return random() % std::max<size_t>(n, 1); };
  for (size_t changes = 1 + below(4); changes > 0; --changes) {
    const size_t at = below(bytes.size()), length = 1 + below(16);
    const auto& other = all[below(all.size())];
    switch (below(4)) {
      case 0:
        if (!bytes.empty()) bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes.erase(at, length);
        break;
      case 2:
        bytes.insert(at, bytes.substr(at, length));
        break;
      default:
        bytes.insert(at, other.substr(below(other.size()), length));
    }
  }
  return bytes;
}

/// FUZZ_SECONDS: how long for each reader, where tests/fuzz/run asks for more than the usual few hundred
/// files. FUZZ_READER: of which alone ("store").
TEST(Corpus, EveryReaderReadsOrRefusesEveryChangedFile) {
  const char* seconds = std::getenv("FUZZ_SECONDS");
  const char* only = std::getenv("FUZZ_READER");
  for (const auto reader : kTried) {
    const auto folder = fs::path(CORPUS) / kNames[static_cast<size_t>(reader)];
    if (only != nullptr && folder.filename() != only) continue;
#ifdef __SANITIZE_ADDRESS__
    // Debian's HDF5 library reads past its own buffers in damaged files.
    if (reader == Reader::shard || reader == Reader::replay) continue;
#endif
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(folder)) all.push_back(files::read_file(entry.path()));
    std::mt19937 random(seconds != nullptr ? std::random_device()() : 1);
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::seconds(seconds != nullptr ? std::atoi(seconds) : 0);
    for (int i = 0; i < 300 || std::chrono::steady_clock::now() < until; ++i) {
      const auto bytes = changed(all[random() % all.size()], all, random);
      SCOPED_TRACE(folder.filename().string() + ": " +
                   files::base64({reinterpret_cast<const uint8_t*>(bytes.data()),
                                  std::min<size_t>(bytes.size(), 10000)}));
      try {
        read_by(reader, bytes);
      } catch (const InputError& error) {
        EXPECT_STRNE(error.what(), "");
      } catch (const RunError& error) {
        EXPECT_STRNE(error.what(), "");
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace nt
