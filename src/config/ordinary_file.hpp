#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace nt::config {

/// An ordinary file open for reading; closes itself.
class OrdinaryFile {
 public:
  /// InputError naming the file if it cannot be opened, or is a folder, a device, a pipe or a socket: those
  /// may never end, or wait for ever.
  explicit OrdinaryFile(const std::filesystem::path& file);
  ~OrdinaryFile();
  OrdinaryFile(const OrdinaryFile&) = delete;
  OrdinaryFile& operator=(const OrdinaryFile&) = delete;

  int descriptor() const { return descriptor_; }
  uint64_t bytes() const { return bytes_; }  // as the system says; 0 for files that it makes up (/proc)

 private:
  int descriptor_ = -1;
  uint64_t bytes_ = 0;
};

/// No text that a person or an editor made is larger.
inline constexpr uint64_t kMostTextBytes = uint64_t{1} << 28;

/// The whole file. InputError if it is no ordinary file, cannot be read, or holds more than `most_bytes`.
std::string read_bytes(const std::filesystem::path& file, uint64_t most_bytes);

/// The same for text, whose lines may end as on any system (LF, CR LF, or the CR of old Macintosh files):
/// here each ends with LF. A byte order mark at the start is left out.
std::string read_text(const std::filesystem::path& file);

/// Text with every line end as LF.
std::string with_line_feeds(std::string text);

}  // namespace nt::config
