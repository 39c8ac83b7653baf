#pragma once
#include "cli/command.hpp"

namespace nt::cli {

Command new_command();

}  // namespace nt::cli
