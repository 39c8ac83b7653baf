#include "files/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstring>
#include <random>
#include <utility>

#include "config/ordinary_file.hpp"
#include "files/detail/try_lock.hpp"

namespace nt::files {
namespace {

constexpr std::string_view kHalfWritten = ".half-written";

struct Descriptor {
  int value;
  explicit Descriptor(int descriptor) : value(descriptor) {}
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

[[noreturn]] void fail_write(const std::filesystem::path& file, int error) {
  fail_run(
      "{}: cannot be written: {}{}", file.string(), std::strerror(error),
      error == ENOSPC || error == EDQUOT ? "; free some space and run the same command again to go on" : "");
}

void write_all(int descriptor, std::string_view bytes, const std::filesystem::path& file) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_write(file, errno);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

/// Brings what was made, renamed or removed in a folder to the disk. A file system that cannot do this for a
/// folder is no error.
void flush_folder(const std::filesystem::path& folder, const std::filesystem::path& file) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.value >= 0 && ::fsync(opened.value) != 0 && errno != EINVAL && errno != ENOTSUP)
    fail_write(file, errno);
}

}  // namespace

std::string read_file(const std::filesystem::path& file) {
  constexpr uint64_t kMostBytes = uint64_t{1} << 33;
  return config::read_bytes(file, kMostBytes);
}

HalfWritten::HalfWritten(const std::filesystem::path& file) : file_(file), half_(file) {
  struct stat there {};
  if (::stat(file.c_str(), &there) == 0 && !S_ISREG(there.st_mode))  // never in the place of /dev/null
    fail_input("{}: is no ordinary file, so it is not written over; choose another name", file.string());
  // A name of its own: another program may be writing the same file.
  half_ += fmt::format(".{:08x}{}", std::random_device()(), kHalfWritten);
  const Descriptor out(::open(half_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (out.value < 0) fail_write(file, errno);
}

HalfWritten::~HalfWritten() {
  if (!half_.empty()) ::unlink(half_.c_str());
}

void HalfWritten::fail(int error) const {
  fail_write(file_, error);
}

void HalfWritten::put_in_place() {
  {
    const Descriptor written(::open(half_.c_str(), O_WRONLY | O_CLOEXEC));
    if (written.value < 0 || ::fsync(written.value) != 0) fail_write(file_, errno);
  }
  if (::rename(half_.c_str(), file_.c_str()) != 0) fail_write(file_, errno);
  half_.clear();
  // The rename must reach the disk too, and so must the folder's own name, which may be new.
  const auto folder = file_.has_parent_path() ? file_.parent_path() : std::filesystem::path(".");
  flush_folder(folder, file_);
  flush_folder(folder / "..", file_);
}

void write_file_atomically(const std::filesystem::path& file, std::string_view bytes) {
  HalfWritten half(file);
  {
    const Descriptor out(::open(half.path().c_str(), O_WRONLY | O_CLOEXEC));
    if (out.value < 0) fail_write(file, errno);
    write_all(out.value, bytes, file);
  }
  half.put_in_place();
}

void make_writable_folder(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::exists(folder, error) && !std::filesystem::is_directory(folder, error)) {
    fail_input("{}: is a file, expected a directory for the output", folder.string());
  }
  std::filesystem::create_directories(folder, error);
  if (error) fail_input("{}: the output directory cannot be made: {}", folder.string(), error.message());
  // Asking for permission is not enough (a read-only file system, or root): write something.
  const auto probe = folder / ".writable";
  const Descriptor out(::open(probe.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (out.value < 0) {
    fail_input("{}: the output directory cannot be written: {}", folder.string(), std::strerror(errno));
  }
  ::unlink(probe.c_str());
}

void remove_half_written(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) return;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().string().ends_with(kHalfWritten)) std::filesystem::remove(entry.path());
  }
}

std::string digest(std::string_view bytes) {
  return digest_of_parts(std::span(&bytes, 1));
}

std::string digest_of_parts(std::span<const std::string_view> parts) {
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(),
                                                                              XXH3_freeState);
  XXH3_128bits_reset(state.get());
  for (const auto part : parts) XXH3_128bits_update(state.get(), part.data(), part.size());
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

/// False if another has it.
bool FolderLock::lock(const std::filesystem::path& folder) {
  const auto file = folder / ".lock";
  for (;;) {
    descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) {
      fail_input("{}: the output directory cannot be written: {}", folder.string(), std::strerror(errno));
    }
    if (!try_lock(descriptor_, LOCK_EX, folder)) return false;
    // Whoever held it before may have removed the file meanwhile: then this is a lock of nothing.
    struct stat held {
    }, there{};
    if (::fstat(descriptor_, &held) == 0 && ::stat(file.c_str(), &there) == 0 && held.st_ino == there.st_ino)
      return true;
    ::close(descriptor_);
  }
}

FolderLock::FolderLock(const std::filesystem::path& folder) : FolderLock() {
  if (lock(folder)) return;
  fail_input("{}: another neurontwin is working in this directory; wait for it or choose another --out",
             folder.string());
}

std::unique_ptr<FolderLock> FolderLock::if_free(const std::filesystem::path& folder) {
  std::unique_ptr<FolderLock> held(new FolderLock);
  return held->lock(folder) ? std::move(held) : nullptr;
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

MappedFile::MappedFile(const std::filesystem::path& file) {
  const config::OrdinaryFile in(file);
  size_ = in.bytes();
  if (size_ == 0) return;
  void* address = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, in.descriptor(), 0);
  if (address == MAP_FAILED) fail_run("{}: cannot be mapped: {}", file.string(), std::strerror(errno));
  data_ = static_cast<const std::byte*>(address);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace nt::files
