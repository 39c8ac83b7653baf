#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

#include "cli/command.hpp"
#include "cli/kept_memory.hpp"
#include "cli/launched.hpp"
#include "cli/outcome.hpp"
#include "cli/say.hpp"
#include "cli/stopping.hpp"
#include "cli/usage.hpp"
#include "config/error.hpp"

namespace {

using namespace nt::cli;

constexpr int kDone = 0;

/// What all ranks work on; anything else is for rank 0 alone.
bool is_shared(const std::string& command) {
  for (const auto* shared : {"run", "simulate", "train", "evaluate", "interpret", "search", "network"})
    if (command == shared) return true;
  return false;
}

/// Tasks of one job step that srun started without MPI would fight for one run folder.
void note_of_strangers() {
  const auto *tasks = std::getenv("SLURM_STEP_NUM_TASKS"), *task = std::getenv("SLURM_PROCID");
  if (tasks == nullptr || task == nullptr || launched().size() > 1) return;
  if (std::atoi(tasks) > 1 && std::atoi(task) == 0)
    say(fmt::format(
        "note: this is one of {} tasks of Slurm that do not know of each other; to share one run, "
        "start them by 'srun --mpi=pmix'",
        tasks));
}

/// Whether this rank has a part in a command.
bool takes_part(const std::string& command) {
  if (is_shared(command)) {
    note_of_strangers();
    return true;
  }
  if (launched().rank() > 0) return false;
  if (launched().size() > 1)
    say(fmt::format("note: '{}' works in one process; the other {} wait for it", command,
                    launched().size() - 1));
  return true;
}

/// Ranks that do different things would wait for each other for ever.
void require_one_command(int argc, char** argv) {
  launched().require_same("program", "neurontwin " NEURONTWIN_VERSION, "start the same one on all hosts");
  launched().require_same("command", argc > 1 ? argv[1] : "none", "start all ranks with the same one");
}

int run_command(int argc, char** argv) {
  require_one_command(argc, argv);
  CLI::App app("neurontwin: from a detailed neuron to its deep-network twin", "neurontwin");
  const auto all = commands({argv, argv + argc});
  std::vector<std::function<void()>> runs;
  add_commands(app, all, runs);
  if (argc > 1 && argv[1][0] != '-') require_known(argv[1], all);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    nt::fail_input("{}", words_for(error, app));
  }
  require_no_empty_words(app);
  for (size_t i = 0; i < all.size(); ++i) {
    if (app.got_subcommand(all[i].name) && takes_part(all[i].name)) runs[i]();
  }
  return kDone;
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  stop_on_signals();
  const auto doing =
      fmt::format("running 'neurontwin {}'", fmt::join(argv + std::min(1, argc), argv + argc, " "));
  return outcome_of(doing, [&] { return run_command(argc, argv); });
}
