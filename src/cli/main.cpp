#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "cli/command.hpp"
#include "cli/kept_memory.hpp"
#include "cli/outcome.hpp"
#include "cli/patient_threads.hpp"
#include "cli/stopping.hpp"
#include "config/error.hpp"

namespace {

using namespace nt::cli;

constexpr int kDone = 0, kWrongInput = 2;

void require_known(const std::string& word, const std::vector<Command>& commands) {
  if (std::ranges::find(commands, word, &Command::name) != commands.end()) return;
  std::vector<std::string> known;
  for (const auto& command : commands) known.push_back(command.name);
  nt::fail_input("unknown command '{}'; known: {}", word, fmt::join(known, ", "));
}

int run_command(int argc, char** argv) {
  CLI::App app("neurontwin: from a detailed neuron to its deep-network twin", "neurontwin");
  const auto all = commands({argv, argv + argc});
  std::vector<std::function<void()>> runs;
  add_commands(app, all, runs);
  if (argc > 1 && argv[1][0] != '-') require_known(argv[1], all);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kWrongInput;
  }
  for (size_t i = 0; i < all.size(); ++i) {
    if (app.got_subcommand(all[i].name)) runs[i]();
  }
  return kDone;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "run" || command == "train" || command == "search" || command == "network")
    start_with_patient_threads(argv);
  keep_freed_memory();
  stop_on_signals();
  const auto doing =
      fmt::format("running 'neurontwin {}'", fmt::join(argv + std::min(1, argc), argv + argc, " "));
  return outcome_of(doing, [&] { return run_command(argc, argv); });
}
