#include "cli/usage.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "config/error.hpp"
#include "config/nearest_word.hpp"

namespace nt::cli {
namespace {

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* option : command.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    for (const auto& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

/// The command that was given, or the program itself.
const CLI::App& given_command(const CLI::App& app) {
  const auto given = app.get_subcommands();
  return given.empty() ? app : *given.front();
}

std::string words_for_unknown_option(const std::string& option, const CLI::App& command) {
  const auto name = option.substr(0, option.find('='));
  const auto meant = config::nearest_word(name, option_names(command));
  return fmt::format("unknown option '{}'{}", name, meant ? fmt::format("; did you mean '{}'?", *meant) : "");
}

/// What is left over of a command line: the options among it explain the rest, which may be their values.
std::string words_for_rest(const std::vector<std::string>& rest, const CLI::App& command) {
  const auto option = std::ranges::find_if(rest, [](const auto& word) { return word.starts_with("-"); });
  if (option != rest.end()) return words_for_unknown_option(*option, command);
  return fmt::format("'{}' was not expected", fmt::join(rest, " "));
}

}  // namespace

void require_known(const std::string& word, const std::vector<Command>& commands) {
  if (std::ranges::find(commands, word, &Command::name) != commands.end()) return;
  std::vector<std::string> known;
  for (const auto& command : commands) known.push_back(command.name);
  const auto meant = config::nearest_word(word, known);
  fail_input(
      "unknown command '{}'; {}", word,
      meant ? fmt::format("did you mean '{}'?", *meant) : fmt::format("known: {}", fmt::join(known, ", ")));
}

std::string words_for(const CLI::ParseError& error, const CLI::App& app) {
  const auto& command = given_command(app);
  const bool extras = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
  return fmt::format("{}; '{}{} --help' says what is known",
                     extras ? words_for_rest(app.remaining(true), command) : error.what(), app.get_name(),
                     &command == &app ? "" : " " + command.get_name());
}

}  // namespace nt::cli
