#pragma once
#include <filesystem>

namespace nt::files {

/// For programs that work in one folder side by side: holds its lock (FolderLock) as long as it lives, which
/// others may then hold in the same way, and nobody alone. InputError where somebody does.
class FolderUsedTogether {
 public:
  explicit FolderUsedTogether(const std::filesystem::path& folder);
  ~FolderUsedTogether();
  FolderUsedTogether(const FolderUsedTogether&) = delete;
  FolderUsedTogether& operator=(const FolderUsedTogether&) = delete;

 private:
  FolderUsedTogether() = default;
  int descriptor_ = -1;
};

}  // namespace nt::files
