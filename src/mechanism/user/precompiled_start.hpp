#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "mechanism/user/compiler.hpp"
#include "mechanism/user/kernel_cache.hpp"

namespace nt::mechanism {

/// What all kernels begin with, Highway's headers and ours, is most of what their compiler reads: compiled
/// once, it makes a file of theirs three times as fast. Puts it into `folder`, where the headers are, and
/// returns the flags that have it read; none where it is not to be had. The first file of a cache goes
/// without: one alone would wait twice as long. `flags`: those that the kernels are compiled with.
std::vector<std::string> precompiled_start(const KernelCache& cache, const SystemCompiler& compiler,
                                           const std::vector<std::string>& flags, const std::string& headers,
                                           const std::string& start, const std::filesystem::path& folder);

}  // namespace nt::mechanism
