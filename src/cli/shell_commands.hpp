#pragma once
#include "cli/command.hpp"

namespace nt::cli {

/// What shells and `man` read about the program: completion SHELL, and the page for man.
std::vector<Command> shell_commands();

}  // namespace nt::cli
