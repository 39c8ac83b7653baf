#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace nt::run {

/// What experiment, cell, morphology, mechanism, data set or twin files hold, as text; the shards of one
/// split together. `profile` and `set` ("key=value") change what experiments and cells say; InputError if
/// there is none.
std::string inspect(const std::vector<std::filesystem::path>& files, const std::string& profile = "",
                    const std::vector<std::string>& set = {}, const std::filesystem::path& svg = {});

}  // namespace nt::run
