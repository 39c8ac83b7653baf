#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace nt::cli {

/// One command of the program. `add` gives its options to the parser and returns what runs it once they are
/// read.
struct Command {
  std::string name, help;
  std::function<std::function<void()>(CLI::App&)> add;
};

/// All of them, in the order of the help. `arguments`: the program's own command line.
std::vector<Command> commands(const std::vector<std::string>& arguments);

/// The program's name, version and commands, as the parser knows them; what runs each is put into `runs`, in
/// the order of the commands.
void add_commands(CLI::App& app, const std::vector<Command>& commands,
                  std::vector<std::function<void()>>& runs);

}  // namespace nt::cli
