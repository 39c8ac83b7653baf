#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace nt::cli {

/// Lets an option take these words alone. For another one the message names them, and the one that was
/// probably meant. The type of the option then reads "TEXT:{cpu,cuda}".
CLI::Validator one_of(const std::vector<std::string>& words);

}  // namespace nt::cli
