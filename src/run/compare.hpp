#pragma once
#include "neurontwin/run.hpp"

namespace nt::run {

/// See neurontwin::compare_runs().
neurontwin::Comparison compare_folders(std::span<const std::filesystem::path> folders,
                                       const neurontwin::CompareOptions& options);

}  // namespace nt::run
