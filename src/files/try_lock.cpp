#include "files/detail/try_lock.hpp"

#include <sys/file.h>

#include <cerrno>
#include <cstring>

#include "config/error.hpp"

namespace nt::files {

bool try_lock(int descriptor, int kind, const std::filesystem::path& folder) {
  if (::flock(descriptor, kind | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  fail_input(
      "{}: its file system cannot lock files ({}), so that two programs could work there at once; choose an "
      "--out on another one, or have it mounted with locks (Lustre: with -o flock)",
      folder.string(), std::strerror(errno));
}

}  // namespace nt::files
