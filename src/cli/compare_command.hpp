#pragma once
#include "cli/command.hpp"

namespace nt::cli {

/// compare RUN RUN...: prints what the twin of each run scores more than that of the first.
Command compare_command();

}  // namespace nt::cli
