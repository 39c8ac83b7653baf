#pragma once
#include <cstdlib>
#include <filesystem>
#include <string>

#include "config/error.hpp"

namespace nt::files {

/// A folder for files that nobody needs afterwards, which goes when this goes.
class ScratchFolder {
 public:
  /// RunError if the system's temporary folder cannot be written to.
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "neurontwin-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      fail_run("{}: no temporary folder can be made there", std::filesystem::temp_directory_path().string());
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace nt::files
