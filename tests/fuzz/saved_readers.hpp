#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>

#include "config/error.hpp"
#include "files/safetensors.hpp"
#include "train/checkpoint_file.hpp"
#include "twin/twin_file.hpp"

namespace nt {

/// Bytes as a file, for readers that open one.
class FileInMemory {
 public:
  explicit FileInMemory(std::string_view bytes) : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(descriptor_, bytes.data(), bytes.size());
      if (n <= 0) fail_run("no file in memory");
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }
  ~FileInMemory() { ::close(descriptor_); }
  FileInMemory(const FileInMemory&) = delete;
  FileInMemory& operator=(const FileInMemory&) = delete;
  std::string path() const { return fmt::format("/proc/self/fd/{}", descriptor_); }

 private:
  int descriptor_;
};

/// A safetensors file whose header's length and digest are right again after bytes of it were changed:
/// without this, nothing behind them would ever be tried.
inline std::string repaired_safetensors(std::string bytes) {
  const auto end = bytes.rfind('}');
  if (bytes.size() < 8 || end == std::string::npos || end < 8) return bytes;
  const uint64_t length = std::min(bytes.find_first_not_of(' ', end + 1), bytes.size()) - 8;
  std::memcpy(bytes.data(), &length, 8);
  files::seal_safetensors(bytes);
  return bytes;
}

inline void read_saved_twin(const std::string& path) {
  twin::TwinFile twin(path);
  twin.check_digest();
  twin.identity();
  twin.require_network_of(twin.description());
}

/// Whatever identity and arrays it has, these are expected.
inline void read_saved_checkpoint(const std::string& path) {
  const files::SafetensorsFile header(path, "a checkpoint");
  const auto identity = train::read_train_state(header.text("state"), "state").identity;
  train::read_checkpoint_file(path, identity, 1000000, header.arrays());
}

/// As the bytes are, and repaired.
template <class Read>
void read_changed(Read&& read, std::string_view bytes) {
  try {
    read(FileInMemory(bytes).path());
  } catch (const InputError&) {
  }
  read(FileInMemory(repaired_safetensors(std::string(bytes))).path());
}

}  // namespace nt
