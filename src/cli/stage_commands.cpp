#include "cli/stage_commands.hpp"

#include <fmt/format.h>

#include "cli/in_quotes.hpp"
#include "cli/memory_limit.hpp"
#include "cli/progress_bar.hpp"
#include "cli/say.hpp"
#include "cli/simulate_cell.hpp"
#include "cli/threads.hpp"
#include "config/error.hpp"
#include "neurontwin/run.hpp"

namespace nt::cli {
namespace {

using neurontwin::RunOptions;
using neurontwin::Stage;

std::string quoted(const std::string& word) {
  if (word.find_first_of(" \t\"'\\$*?[]{}();&|<>#~`!") == std::string::npos && !word.empty()) return word;
  return in_quotes(word);
}

/// The command line as `run`, whatever stage was asked for: what repeats the result.
std::string as_run(const std::vector<std::string>& arguments) {
  std::string line = "neurontwin run";
  for (size_t i = 2; i < arguments.size(); ++i) line += " " + quoted(arguments[i]);
  return line;
}

void add_stage_options(CLI::App& app, RunOptions& o) {
  app.add_option("experiment", o.experiment, "experiment file (.toml) or run folder")->required();
  app.add_option("--profile", o.profile, "a profile of the experiment file: quick (default), day or paper");
  app.add_option("--out", o.out, "run folder (default: runs/EXPERIMENT-PROFILE)");
  app.add_option("--set", o.set, "key=value over the file and the profile; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--device", o.device, "cpu or cuda")->check(CLI::IsMember({"cpu", "cuda"}));
  add_threads_option(app, o.threads);
  app.add_option("--seed", o.seed,
                 "over the experiment's seed; of one trial of a cell: of what its mechanisms draw")
      ->check(CLI::Range(int64_t{0}, int64_t{9000000000000000}));
}

neurontwin::Experiment prepare(const RunOptions& o) {
  auto experiment = neurontwin::read_experiment(o);
  for (const auto& note : experiment.notes()) say("note: " + note);
  require_address_space(threads_of(o.threads));
  return experiment;
}

void require_background_simulation(const CLI::App& running, const neurontwin::Experiment& e) {
  if (running.count("--simulation-threads") > 0 && !e.simulates_beside_training()) {
    nt::fail_input(
        "--simulation-threads means nothing without train.starts_with_trials, which lets training begin "
        "before all trials are simulated; leave it out");
  }
}

void print_search(const std::string& table, const std::filesystem::path& folder) {
  fmt::print("{}  everything              {}\n", table,
             std::filesystem::absolute(folder / "search.json").lexically_normal().string());
}

std::shared_ptr<RunOptions> new_options(const std::vector<std::string>& arguments) {
  auto options = std::make_shared<RunOptions>();
  options->command = as_run(arguments);
  return options;
}

Command run_command(const std::vector<std::string>& arguments) {
  return {"run", "simulate, train, evaluate, interpret and report", [arguments](CLI::App& app) {
            const auto options = new_options(arguments);
            add_stage_options(app, *options);
            app.add_option(
                   "--simulation-threads", options->simulation_threads,
                   "threads that go on simulating beside training, where train.starts_with_trials asks for "
                   "that (default: half)")
                ->check(CLI::Range(1, 4096));
            return [options, &app] {
              const auto experiment = prepare(*options);
              require_background_simulation(app, experiment);
              neurontwin::run(experiment, terminal_watcher());
              fmt::print("{}", neurontwin::summary_of(experiment));
            };
          }};
}

Command stage_command(const std::string& name, Stage stage, const std::string& help,
                      const std::vector<std::string>& arguments) {
  return {name, help + " (one stage of run)", [stage, arguments](CLI::App& app) {
            const auto options = new_options(arguments);
            add_stage_options(app, *options);
            return [options, stage] { neurontwin::run_stage(stage, prepare(*options), terminal_watcher()); };
          }};
}

/// An experiment's data set, or one trial of a cell.
Command simulate_command(const std::vector<std::string>& arguments) {
  return {"simulate", "make the data set (one stage of run)", [arguments](CLI::App& app) {
            const auto options = new_options(arguments);
            const auto one_trial = std::make_shared<SimulateCell>();
            add_stage_options(app, *options);
            add_cell_options(app, *one_trial);
            return [options, one_trial, &app] {
              if (!is_one_trial(app, options->out)) {
                neurontwin::run_stage(Stage::simulate, prepare(*options), terminal_watcher());
                return;
              }
              one_trial->cell = options->experiment;
              one_trial->out = options->out;
              one_trial->choices.set = options->set;
              one_trial->seed = options->seed;
              simulate_cell(*one_trial);
            };
          }};
}

}  // namespace

std::vector<Command> stage_commands(const std::vector<std::string>& arguments) {
  return {run_command(arguments),
          simulate_command(arguments),
          stage_command("train", Stage::train, "train the twin", arguments),
          stage_command("evaluate", Stage::evaluate, "score the twin on held-out trials", arguments),
          stage_command("interpret", Stage::interpret, "find what the twin's filters mean", arguments),
          stage_command("report", Stage::report, "write report.html", arguments)};
}

Command search_command(const std::vector<std::string>& arguments) {
  return {"search", "find how small a twin can be, and why", [arguments](CLI::App& app) {
            struct Workers {
              int processes = 1;
              int threads_of_this_one = 0;  // 0: this process is no worker
            };
            const auto options = new_options(arguments);
            const auto workers = std::make_shared<Workers>();
            add_stage_options(app, *options);
            app.add_option("--workers", workers->processes,
                           "processes to train with, which share the threads (default: 1)")
                ->check(CLI::Range(1, 1024));
            app.add_option("--search-worker", workers->threads_of_this_one)->group("");
            return [options, workers, arguments] {
              const auto experiment = prepare(*options);
              if (workers->threads_of_this_one > 0)
                neurontwin::work_on_search(experiment, workers->threads_of_this_one, terminal_watcher());
              else
                print_search(
                    neurontwin::search(experiment, workers->processes, arguments, terminal_watcher()),
                    experiment.folder());
            };
          }};
}

}  // namespace nt::cli
