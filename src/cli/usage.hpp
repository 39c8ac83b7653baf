#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/command.hpp"

namespace nt::cli {

/// InputError where `word` is no command, with the one that was probably meant.
void require_known(const std::string& word, const std::vector<Command>& commands);

/// InputError where an option or a name is given as an empty word, as an unset variable of a shell leaves it.
void require_no_empty_words(const CLI::App& app);

/// What is wrong with a command line that the parser refused, and what would be right.
std::string words_for(const CLI::ParseError& error, const CLI::App& app);

}  // namespace nt::cli
