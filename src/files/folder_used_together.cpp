#include "files/folder_used_together.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "config/error.hpp"
#include "files/detail/try_lock.hpp"

namespace nt::files {

FolderUsedTogether::FolderUsedTogether(const std::filesystem::path& folder) : FolderUsedTogether() {
  descriptor_ = ::open((folder / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0)
    fail_input("{}: the output directory cannot be written: {}", folder.string(), std::strerror(errno));
  if (try_lock(descriptor_, LOCK_SH, folder)) return;
  fail_input("{}: another neurontwin is working in this directory; wait for it or choose another --out",
             folder.string());
}

FolderUsedTogether::~FolderUsedTogether() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace nt::files
