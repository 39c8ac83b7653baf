#pragma once
#include <filesystem>
#include <string>

namespace nt::files {

/// What a user does about a damaged file of a run folder or of a network's results, for messages: "remove it
/// and run 'neurontwin evaluate runs/if', which makes it again".
std::string how_to_make_again(const std::filesystem::path& file);

}  // namespace nt::files
