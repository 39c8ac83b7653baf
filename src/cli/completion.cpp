#include "cli/completion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/described_options.hpp"
#include "cli/in_quotes.hpp"

namespace nt::cli {
namespace {

std::vector<std::string> names_of_options(const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto& option : described_options(command)) {
    if (!option.positional) names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return names;
}

std::vector<std::string> choices_of_positionals(const CLI::App& command) {
  std::vector<std::string> choices;
  for (const auto& option : described_options(command)) {
    if (option.positional) choices.insert(choices.end(), option.choices.begin(), option.choices.end());
  }
  return choices;
}

std::vector<std::string> names_of(const std::vector<const CLI::App*>& commands) {
  std::vector<std::string> names;
  for (const auto* command : commands) names.push_back(command->get_name());
  return names;
}

std::string bash(const CLI::App& program) {
  std::string cases;
  const auto commands = described_commands(program);
  for (const auto* command : commands) {
    std::string values;
    for (const auto& option : described_options(*command)) {
      if (!option.positional && !option.choices.empty())
        values += fmt::format("        {}) words=\"{}\" ;;\n", fmt::join(option.names, "|"),
                              fmt::join(option.choices, " "));
    }
    cases += fmt::format(
        "    {})\n      case $previous in\n{}        *) words=\"{}\" ; [[ $current == -* ]] && words=\"{}\" "
        ";;\n"
        "      esac ;;\n",
        command->get_name(), values, fmt::join(choices_of_positionals(*command), " "),
        fmt::join(names_of_options(*command), " "));
  }
  return fmt::format(R"(# bash completion for neurontwin
_neurontwin() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{} {}" -- "$current"))
    return
  fi
  case ${{COMP_WORDS[1]}} in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _neurontwin neurontwin
)",
                     fmt::join(names_of(commands), " "), fmt::join(names_of_options(program), " "), cases);
}

std::string zsh_argument(const DescribedOption& option) {
  const std::string values =
      option.choices.empty() ? "_files" : fmt::format("({})", fmt::join(option.choices, " "));
  const std::string help = in_quotes(option.help, ":[]\\");
  const auto words = help.substr(1, help.size() - 2);
  if (option.positional)
    return fmt::format(" '{}:{}:{}'", option.repeats ? "*" : "", option.names.front(), values);
  std::string out;
  for (const auto& name : option.names)
    out += fmt::format(" '*{}[{}]{}'", name, words, option.takes_value ? ":value:" + values : "");
  return out;
}

std::string zsh(const CLI::App& program) {
  std::string list, cases;
  for (const auto* command : described_commands(program)) {
    list += "    " + in_quotes(command->get_name() + ":" + command->get_description()) + "\n";
    std::string arguments;
    for (const auto& option : described_options(*command)) arguments += zsh_argument(option);
    cases += fmt::format("    {}) _arguments{} ;;\n", command->get_name(), arguments);
  }
  return fmt::format(R"(#compdef neurontwin
_neurontwin() {{
  local -a commands=(
{}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
{}  esac
}}
if [ "$funcstack[1]" = _neurontwin ]; then _neurontwin "$@"; else compdef _neurontwin neurontwin; fi
)",
                     list, cases);
}

std::string fish(const CLI::App& program) {
  std::string out = "# fish completion for neurontwin\n";
  for (const auto* command : described_commands(program)) {
    out += fmt::format("complete -c neurontwin -n __fish_use_subcommand -a {} -d {}\n", command->get_name(),
                       in_quotes(command->get_description()));
    const auto here =
        fmt::format("complete -c neurontwin -n '__fish_seen_subcommand_from {}'", command->get_name());
    for (const auto& option : described_options(*command)) {
      const auto values = fmt::format(" -a '{}'", fmt::join(option.choices, " "));
      if (option.positional) {
        if (!option.choices.empty()) out += here + " -f" + values + "\n";
        continue;
      }
      out += here;
      for (const auto& name : option.names)
        out += name[1] == '-' ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (option.takes_value) out += " -r";
      if (!option.choices.empty()) out += " -f" + values;
      out += " -d " + in_quotes(option.help) + "\n";
    }
  }
  return out;
}

}  // namespace

std::string completion_for(const std::string& shell, const CLI::App& program) {
  if (shell == "zsh") return zsh(program);
  return shell == "fish" ? fish(program) : bash(program);
}

}  // namespace nt::cli
