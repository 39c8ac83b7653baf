#include "cli/usage.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/described_options.hpp"
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
  return fmt::format("unknown option '{}'{}", name, config::did_you_mean(name, option_names(command)));
}

/// What is left over of a command line: the options among it explain the rest, which may be their values.
std::string words_for_rest(const std::vector<std::string>& rest, const CLI::App& command) {
  const auto option = std::ranges::find_if(rest, [](const auto& word) { return word.starts_with("-"); });
  if (option != rest.end()) return words_for_unknown_option(*option, command);
  return fmt::format("'{}' was not expected", fmt::join(rest, " "));
}

/// What a command cannot do without, and was not given.
std::string words_for_missing(const CLI::App& program, const CLI::App& command) {
  if (&command == &program) {
    std::vector<std::string> names;
    for (const auto* each : described_commands(program)) names.push_back(each->get_name());
    return fmt::format("a command is missing, one of: {}", fmt::join(names, ", "));
  }
  for (const auto* option : command.get_options())
    if (option->get_required() && option->count() == 0)
      return fmt::format("{} is missing: {}", option->get_name(), option->get_description());
  return "something is missing";
}

std::string words_for_error(const CLI::ParseError& error, const CLI::App& program, const CLI::App& command) {
  switch (static_cast<CLI::ExitCodes>(error.get_exit_code())) {
    case CLI::ExitCodes::ExtrasError:
      return words_for_rest(program.remaining(true), command);
    case CLI::ExitCodes::RequiredError:
      return words_for_missing(program, command);
    default:
      return error.what();
  }
}

}  // namespace

void require_known(const std::string& word, const std::vector<Command>& commands) {
  if (std::ranges::find(commands, word, &Command::name) != commands.end()) return;
  std::vector<std::string> known;
  for (const auto& command : commands) known.push_back(command.name);
  fail_input("unknown command '{}'; {}", word, config::known_words(word, known));
}

void require_no_empty_words(const CLI::App& app) {
  for (const auto* option : given_command(app).get_options())
    for (const auto& word : option->results())
      if (word.empty())
        fail_input("{} is empty; expected a value{}", option->get_name(),
                   option->get_positional() ? "" : ", or leave it out");
}

std::string words_for(const CLI::ParseError& error, const CLI::App& app) {
  const auto& command = given_command(app);
  return fmt::format("{}; see '{}{} --help'", words_for_error(error, app, command), app.get_name(),
                     &command == &app ? "" : " " + command.get_name());
}

}  // namespace nt::cli
