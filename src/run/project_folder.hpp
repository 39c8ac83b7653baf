#pragma once
#include <filesystem>

namespace nt::run {

/// For tests: the folder with the experiments and cells, above the one that the tests run in.
inline std::filesystem::path project_folder() {
  for (auto folder = std::filesystem::current_path(); folder != folder.parent_path();
       folder = folder.parent_path())
    if (std::filesystem::exists(folder / "experiments/if.toml")) return folder;
  return {};
}

}  // namespace nt::run
