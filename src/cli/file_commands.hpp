#pragma once
#include "cli/command.hpp"

namespace nt::cli {

/// What is done with files that are there: inspect, predict, export.
std::vector<Command> file_commands();

}  // namespace nt::cli
