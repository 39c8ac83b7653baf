#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/command.hpp"

namespace nt::cli {

/// InputError where `word` is no command, with the one that was probably meant.
void require_known(const std::string& word, const std::vector<Command>& commands);

/// What is wrong with a command line that the parser refused, and what would be right.
std::string words_for(const CLI::ParseError& error, const CLI::App& app);

}  // namespace nt::cli
