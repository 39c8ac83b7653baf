#pragma once
#include <filesystem>
#include <span>

#include "neurontwin/run.hpp"

namespace nt::cli {

/// neurontwin compare RUN RUN...: prints what the twin of each run scores more than that of the first. `out`:
/// a JSON file with every score; empty: none.
void compare_runs(std::span<const std::filesystem::path> folders, const neurontwin::CompareOptions& options,
                  const std::filesystem::path& out);

}  // namespace nt::cli
