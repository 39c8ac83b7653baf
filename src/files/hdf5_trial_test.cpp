#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <random>

#include "config/temporary_folder.hpp"
#include "files/hdf5.hpp"

namespace nt::files {
namespace {

namespace fs = std::filesystem;

fs::path file_of(const std::string& bytes) {
  const auto file = config::own_temporary_folder() / "file.h5";
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  return file;
}

std::string small_file() {
  Hdf5Image image;
  image.attribute("format", "small");
  image.attribute("version", 1);
  image.write<float>("/group/numbers", std::vector<float>(20, 1.5F), "mV", {4, 5});
  image.write<uint32_t>("/group/counts", std::vector<uint32_t>{1, 2, 3}, "");
  image.write_texts("/names", std::vector<std::string>{"soma", "dend"});
  return image.bytes();
}

/// Everything that this class does with a file of unknown content.
void read_all(const fs::path& path) {
  const Hdf5File file(path);
  file.listing();
  if (file.has_attribute("format")) file.text_attribute("format");
  if (file.has_attribute("version")) file.number_attribute("version");
  for (const auto& set : file.sets_in("/group")) file.read<double>("/group/" + set);
  if (file.has("/names")) file.read_texts("/names");
}

TEST(Hdf5File, RefusesOrReadsADamagedFileAndGoesOn) {
  const auto whole = small_file();
  std::mt19937 random(1);
  int read = 0, refused = 0;
  for (int i = 0; i < 200; ++i) {
    auto bytes = whole;
    for (unsigned change = 0; change <= random() % 3; ++change)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    try {
      read_all(file_of(bytes));
      ++read;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("file.h5"), std::string::npos) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(read, 0);
  EXPECT_GT(refused, 0);
}

TEST(Hdf5File, IsReadWhereTheProgramAroundItWaitsForNoChild) {
  const auto file = file_of(small_file());
  const auto before = std::signal(SIGCHLD, SIG_IGN);  // the system forgets how children ended
  EXPECT_NO_THROW(read_all(file));
  std::signal(SIGCHLD, before);
}

}  // namespace
}  // namespace nt::files
