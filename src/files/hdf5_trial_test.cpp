#include "files/detail/hdf5_trial.hpp"

#include <gtest/gtest.h>
#include <hdf5.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <random>
#include <thread>

#include "config/error.hpp"
#include "config/temporary_folder.hpp"
#include "files/detail/hdf5_library.hpp"
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

/// The processes that this one has started, as the system lists them.
std::vector<pid_t> children() {
  std::vector<pid_t> all;
  for (const auto& thread : fs::directory_iterator("/proc/self/task")) {
    std::ifstream list(thread.path() / "children");
    for (pid_t process = 0; list >> process;) all.push_back(process);
  }
  return all;
}

TEST(Hdf5File, IsNotToBlameForWhatATerminalSendsToAllProcesses) {
  if (!fs::exists("/proc/self/task/" + std::to_string(getpid()) + "/children"))
    GTEST_SKIP() << "this system does not list the children of a process";
  Hdf5Image image;
  for (int i = 0; i < 2000; ++i)
    image.write<float>("/group/" + std::to_string(i), std::vector<float>{1}, "mV");
  const auto file = file_of(image.bytes());
  int sent = 0;
  std::jthread sender([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      for (const pid_t process : children())
        for (const int number : {SIGINT, SIGTERM, SIGHUP}) sent += kill(process, number) == 0;
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  });
  EXPECT_NO_THROW(Hdf5File{file});
  sender.request_stop();
  sender.join();
  EXPECT_GT(sent, 0);
}

/// A data set of two numbers in one piece that is large beyond all need.
fs::path file_with_a_piece_of(hsize_t numbers) {
  const auto file = config::own_temporary_folder() / "piece.h5";
  const auto lock = enter_hdf5();
  const hid_t id = H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t two = 2, most = H5S_UNLIMITED;
  H5Pset_chunk(creation, 1, &numbers);
  const hid_t space = H5Screate_simple(1, &two, &most);
  const hid_t set = H5Dcreate2(id, "numbers", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  H5Dclose(set);
  H5Sclose(space);
  H5Pclose(creation);
  H5Fclose(id);
  return file;
}

TEST(Hdf5File, RefusesAPieceThatWouldFillTheMemory) {
  EXPECT_EQ(Hdf5File(file_with_a_piece_of(1000)).read<double>("/numbers"), std::vector<double>(2, 0.0));
  try {
    Hdf5File(file_with_a_piece_of(500'000'000)).read<double>("/numbers");
    ADD_FAILURE() << "a piece of 4 GB was read";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("/numbers would take 4000 MB of memory"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace nt::files
