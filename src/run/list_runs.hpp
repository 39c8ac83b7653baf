#pragma once
#include <filesystem>
#include <vector>

#include "neurontwin/run.hpp"

namespace nt::run {

/// The run folders among these folders and those directly in them, in the order of their paths. InputError
/// where one is no folder.
std::vector<neurontwin::ListedRun> list_runs(std::span<const std::filesystem::path> folders);

}  // namespace nt::run
