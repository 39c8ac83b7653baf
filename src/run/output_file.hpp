#pragma once
#include <filesystem>
#include <string_view>

namespace nt::run {

/// InputError unless the name of a file that is to be written ends so. A slip of the hand then replaces no
/// twin, no reconstruction and no experiment.
void require_ending(const std::filesystem::path& file, std::string_view ending);

}  // namespace nt::run
