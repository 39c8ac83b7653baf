#pragma once
#include "cli/command.hpp"

namespace nt::cli {

Command list_command();

}  // namespace nt::cli
