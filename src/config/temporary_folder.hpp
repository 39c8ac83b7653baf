#pragma once
#include <cstdlib>
#include <filesystem>
#include <string>

#include "config/error.hpp"

namespace nt::config {

/// A folder of one's own, which goes when this goes. Two programs, or two runs of one at the same time, never
/// meet in it. RunError where the system's temporary folder cannot be written to.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "neurontwin-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      fail_run("{}: no temporary folder can be made there", std::filesystem::temp_directory_path().string());
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// For tests: the folder of this run of a test program.
inline const std::filesystem::path& own_temporary_folder() {
  static const TemporaryFolder folder;
  return folder.path();
}

}  // namespace nt::config
