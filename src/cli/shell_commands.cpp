#include "cli/shell_commands.hpp"

#include <fmt/format.h>

#include "cli/completion.hpp"
#include "cli/man_page.hpp"
#include "cli/one_of.hpp"

namespace nt::cli {
namespace {

Command completion_command() {
  return {"completion", "print a script that lets a shell complete commands and options", [](CLI::App& app) {
            const auto shell = std::make_shared<std::string>();
            app.add_option("shell", *shell, "bash, zsh or fish")
                ->required()
                ->check(one_of({"bash", "zsh", "fish"}));
            return [shell, &app] { fmt::print("{}", completion_for(*shell, *app.get_parent())); };
          }};
}

Command man_command() {
  return {"man", "print the manual page, for man -l -",
          [](CLI::App& app) { return [&app] { fmt::print("{}", man_page(*app.get_parent())); }; }};
}

}  // namespace

std::vector<Command> shell_commands() {
  return {completion_command(), man_command()};
}

}  // namespace nt::cli
