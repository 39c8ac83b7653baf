#include "files/files.hpp"

#include <gtest/gtest.h>
#include <sys/file.h>

#include <fstream>

#include "config/temporary_folder.hpp"
#include "files/detail/try_lock.hpp"

namespace nt::files {
namespace {

namespace fs = std::filesystem;

fs::path fresh_folder(const std::string& name) {
  auto folder = config::own_temporary_folder() / name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

TEST(Files, AnAtomicWriteReplacesTheWholeFileAndLeavesNothingBeside) {
  const auto folder = fresh_folder("atomic");
  write_file_atomically(folder / "a", "a long first text");
  write_file_atomically(folder / "a", "second");
  EXPECT_EQ(read_file(folder / "a"), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1);
}

TEST(Files, WhatAnInterruptedWriteLeftIsRemoved) {
  const auto folder = fresh_folder("half");
  std::ofstream(folder / "a.half-written") << "x";
  std::ofstream(folder / "b") << "y";
  remove_half_written(folder);
  EXPECT_FALSE(fs::exists(folder / "a.half-written"));
  EXPECT_TRUE(fs::exists(folder / "b"));
}

TEST(Files, AFileInThePlaceOfAFolderIsSaid) {
  const auto folder = fresh_folder("place");
  std::ofstream(folder / "f") << "x";
  try {
    make_writable_folder(folder / "f");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("is a file, expected a directory"), std::string::npos);
  }
}

TEST(Files, AFolderIsLockedOnce) {
  const auto folder = fresh_folder("lock");
  const FolderLock held(folder);
  EXPECT_THROW(FolderLock{folder}, InputError);
}

TEST(Files, AFileSystemWithoutLocksIsNotTakenForAFolderInUse) {
  constexpr int kOfNoFile = -1;  // stands for a file that cannot be locked
  EXPECT_THROW(try_lock(kOfNoFile, LOCK_EX, "out"), InputError);
}

TEST(Files, DigestIsTheKnownAnswerOfXxh128) {
  EXPECT_EQ(digest(""), "99aa06d3014798d86001c324468d497f");  // `xxh128sum` of an empty file
  EXPECT_EQ(digest("foobar"), "3c9e102628997f44ac87b0b131c6992d");
}

TEST(Files, DigestOfPartsIsThatOfTheWhole) {
  const std::string_view parts[] = {"foo", "", "bar"};
  EXPECT_EQ(digest_of_parts(parts), digest("foobar"));
}

}  // namespace
}  // namespace nt::files
