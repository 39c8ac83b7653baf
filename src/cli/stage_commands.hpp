#pragma once
#include "cli/command.hpp"

namespace nt::cli {

/// run, and each of its stages by itself.
std::vector<Command> stage_commands(const std::vector<std::string>& arguments);
/// search, which starts the program again with its `arguments` as workers.
Command search_command(const std::vector<std::string>& arguments);

}  // namespace nt::cli
