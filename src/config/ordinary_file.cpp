#include "config/ordinary_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "config/error.hpp"

namespace nt::config {
namespace {

std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

OrdinaryFile::OrdinaryFile(const std::filesystem::path& file) {
  // Opening a pipe would wait for somebody who writes to it.
  descriptor_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat status {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) {
    const int error = errno;
    if (descriptor_ >= 0) ::close(descriptor_);
    fail_input("{}: cannot be read: {}", file.string(), std::strerror(error));
  }
  if (!S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    fail_input("{}: is {}, expected a file", file.string(), kind_of(status.st_mode));
  }
  bytes_ = static_cast<uint64_t>(status.st_size);
}

OrdinaryFile::~OrdinaryFile() {
  ::close(descriptor_);
}

std::string read_bytes(const std::filesystem::path& file, uint64_t most_bytes) {
  const OrdinaryFile in(file);
  const auto refuse_size = [&] {
    fail_input("{}: holds more than {} MB, too much for a file of this kind", file.string(),
               most_bytes / 1'000'000);
  };
  if (in.bytes() > most_bytes) refuse_size();
  std::string bytes;
  bytes.reserve(in.bytes());
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = ::read(in.descriptor(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_input("{}: cannot be read: {}", file.string(), std::strerror(errno));
    if (n == 0) return bytes;
    if (bytes.size() + static_cast<size_t>(n) > most_bytes) refuse_size();
    bytes.append(buffer, static_cast<size_t>(n));
  }
}

std::string with_line_feeds(std::string text) {
  size_t to = 0;
  for (size_t from = 0; from < text.size(); ++from) {
    const bool ends_line = text[from] == '\r';
    if (ends_line && from + 1 < text.size() && text[from + 1] == '\n') continue;
    text[to++] = ends_line ? '\n' : text[from];
  }
  text.resize(to);
  return text;
}

std::string read_text(const std::filesystem::path& file) {
  auto text = with_line_feeds(read_bytes(file, kMostTextBytes));
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return text;
}

}  // namespace nt::config
