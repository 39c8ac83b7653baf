#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>

#include "config/error.hpp"
#include "config/settings.hpp"
#include "files/safetensors.hpp"
#include "mechanism/generate.hpp"
#include "morphology/compartments.hpp"
#include "train/checkpoint_file.hpp"
#include "twin/twin_file.hpp"

namespace neurontwin {

enum class Reader { swc, asc, nmodl, toml, twin, checkpoint };
constexpr int kReaders = 6;

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
  seal_safetensors(bytes);
  return bytes;
}

inline void read_twin_or_checkpoint(Reader reader, std::string_view bytes) {
  const FileInMemory file(bytes);
  if (reader == Reader::twin) {
    TwinFile twin(file.path());
    twin.check_digest();
    twin.identity();
    twin.require_network_of(twin.description());
    return;
  }
  // Whatever identity and arrays it has, these are expected.
  const SafetensorsFile header(file.path(), "a checkpoint");
  const auto identity = read_train_state(header.text("state"), "state").identity;
  read_checkpoint_file(file.path(), identity, 1000000, header.arrays());
}

/// What a user's file goes through, except simulation. Any bytes will do: what is wrong with them is an
/// InputError.
inline void read_as(Reader reader, std::string_view text) {
  switch (reader) {
    case Reader::swc:
    case Reader::asc: {
      const auto morphology = reader == Reader::swc ? read_swc(text, "fuzz.swc") : read_asc(text, "fuzz.asc");
      cut(
          with_axon_stub(morphology, 2, 30, 1), [](const Section& s) { return by_spacing(s, 40); }, 100);
      return;
    }
    case Reader::nmodl: {
      const auto mechanism = compile_mechanism(text, "fuzz.mod");
      generate_kernels(mechanism, "fuzz.cpp", "fuzz");
      return;
    }
    case Reader::toml: {
      const auto settings = Settings::from_text(text, "fuzz.toml");
      settings.text("kind", "none");
      settings.number("dt_ms", 1.0, {0, 10});
      settings.integers("taps", std::vector<int64_t>{1}, {1, 100});
      for (const auto& insert : settings.tables("insert")) insert.formula("gbar", "0");
      settings.resolved();
      settings.reject_unread();
      return;
    }
    case Reader::twin:
    case Reader::checkpoint:
      try {
        read_twin_or_checkpoint(reader, text);
      } catch (const InputError&) {
      }
      read_twin_or_checkpoint(reader, repaired_safetensors(std::string(text)));
      return;
  }
}

}  // namespace neurontwin
