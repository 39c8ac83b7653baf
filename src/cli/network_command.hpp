#pragma once
#include "cli/command.hpp"

namespace nt::cli {

/// network NETWORK.toml; network compare NETWORK.toml.
Command network_command();

}  // namespace nt::cli
