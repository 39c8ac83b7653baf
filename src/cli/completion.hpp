#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace nt::cli {

/// What lets `shell` (bash, zsh or fish) complete the program's commands, their options, the values of those
/// that have a closed list, and file names elsewhere.
std::string completion_for(const std::string& shell, const CLI::App& program);

}  // namespace nt::cli
