#include "cli/described_options.hpp"

#include <sstream>

namespace nt::cli {
namespace {

/// CLI11 writes the members of a closed list into the name of the type: "TEXT:{cpu,cuda}".
std::vector<std::string> choices_of(const std::string& type) {
  const auto open = type.find(":{"), close = type.rfind('}');
  std::vector<std::string> choices;
  if (open == std::string::npos || close == std::string::npos) return choices;
  std::istringstream list(type.substr(open + 2, close - open - 2));
  for (std::string choice; std::getline(list, choice, ',');) choices.push_back(choice);
  return choices;
}

DescribedOption described(const CLI::Option& option) {
  DescribedOption out{.help = option.get_description(),
                      .choices = choices_of(option.get_type_name()),
                      .positional = option.get_positional(),
                      .takes_value = option.get_items_expected_max() > 0,
                      .repeats = option.get_items_expected_max() > 1};
  if (out.positional) {
    out.names = {option.get_name(true)};
    return out;
  }
  for (const auto& name : option.get_snames()) out.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) out.names.push_back("--" + name);
  return out;
}

}  // namespace

std::vector<DescribedOption> described_options(const CLI::App& command) {
  std::vector<DescribedOption> positionals, options;
  for (const auto* option : command.get_options()) {
    if (option->get_group().empty()) continue;
    (option->get_positional() ? positionals : options).push_back(described(*option));
  }
  positionals.insert(positionals.end(), options.begin(), options.end());
  return positionals;
}

std::vector<const CLI::App*> described_commands(const CLI::App& program) {
  return program.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

}  // namespace nt::cli
