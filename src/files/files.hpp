#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "config/error.hpp"

namespace nt::files {

/// The whole file as bytes. InputError if it cannot be read.
std::string read_file(const std::filesystem::path& file);

/// Puts `bytes` into `file` so that a reader, or a crash at any moment, finds the old file or the new one and
/// nothing between: written beside it, flushed to the disk, then renamed. RunError names the file and the
/// reason (a full disk, say).
void write_file_atomically(const std::filesystem::path& file, std::string_view bytes);

/// A file that is made piece by piece and seen when it is whole: under another name beside it until
/// put_in_place() brings it to the disk and renames it. Removed if that never happens. Errors as in
/// write_file_atomically().
class HalfWritten {
 public:
  /// An empty file.
  explicit HalfWritten(const std::filesystem::path& file);
  ~HalfWritten();
  HalfWritten(const HalfWritten&) = delete;
  HalfWritten& operator=(const HalfWritten&) = delete;

  /// Where to write meanwhile.
  const std::filesystem::path& path() const { return half_; }
  void put_in_place();
  /// RunError: the file cannot be written, for this errno.
  [[noreturn]] void fail(int error) const;

 private:
  std::filesystem::path file_, half_;
};

/// Makes the folder and those above it. InputError if that cannot be done or nothing can be written there.
void make_writable_folder(const std::filesystem::path& folder);

/// Removes what interrupted writes left behind in a folder.
void remove_half_written(const std::filesystem::path& folder);

/// 128-bit XXH3 digest in hexadecimal, as `xxh128sum` prints it: tells whether something changed, at the
/// speed of memory. No defence against an adversary.
std::string digest(std::string_view bytes);
/// The same of the parts one after the other.
std::string digest_of_parts(std::span<const std::string_view> parts);

/// Holds `folder`/.lock as long as it lives, so that two programs never work in one run directory. InputError
/// if another has it.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  /// The same, but nothing if another has it.
  static std::unique_ptr<FolderLock> if_free(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  FolderLock() = default;
  bool lock(const std::filesystem::path& folder);
  int descriptor_ = -1;
};

/// A file mapped into memory for reading: the operating system keeps in memory what fits and is used.
class MappedFile {
 public:
  MappedFile() = default;
  explicit MappedFile(const std::filesystem::path& file);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace nt::files
