#pragma once
#include "cli/command.hpp"

namespace nt::cli {

/// What shells and `man` read about the program: completion SHELL, and the page for man, which the build
/// writes for the install and no user asks for.
std::vector<Command> shell_commands();

}  // namespace nt::cli
