#include "cli/command.hpp"
#include "cli/compare_command.hpp"
#include "cli/file_commands.hpp"
#include "cli/list_command.hpp"
#include "cli/network_command.hpp"
#include "cli/new_command.hpp"
#include "cli/shell_commands.hpp"
#include "cli/stage_commands.hpp"

namespace nt::cli {

std::vector<Command> commands(const std::vector<std::string>& arguments) {
  auto all = stage_commands(arguments);
  all.insert(all.begin(), new_command());
  all.push_back(search_command(arguments));
  for (auto& command : file_commands()) all.push_back(std::move(command));
  all.push_back(compare_command());
  all.push_back(list_command());
  all.push_back(network_command());
  for (auto& command : shell_commands()) all.push_back(std::move(command));
  return all;
}

void add_commands(CLI::App& app, const std::vector<Command>& commands,
                  std::vector<std::function<void()>>& runs) {
  app.set_version_flag("--version", "neurontwin " NEURONTWIN_VERSION);
  app.require_subcommand(1);
  for (const auto& command : commands)
    runs.push_back(command.add(*app.add_subcommand(command.name, command.help)));
}

}  // namespace nt::cli
