#include "cli/stage_commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/in_quotes.hpp"
#include "cli/launched.hpp"
#include "cli/memory_limit.hpp"
#include "cli/one_of.hpp"
#include "cli/open_page.hpp"
#include "cli/progress_bar.hpp"
#include "cli/say.hpp"
#include "cli/show.hpp"
#include "cli/simulate_cell.hpp"
#include "cli/terminal.hpp"
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

/// What a stage's command is asked for beside the experiment.
struct StageOptions : RunOptions {
  bool dry_run = false, quiet = false, verbose = false, json = false;
};

void add_stage_options(CLI::App& app, StageOptions& o) {
  app.add_option("experiment", o.experiment, "experiment file (.toml) or run folder")->required();
  app.add_option("--profile", o.profile, "a profile of the experiment file: quick (default), day or paper");
  app.add_option("--out", o.out, "run folder (default: runs/EXPERIMENT-PROFILE)");
  app.add_option("--set", o.set, "key=value: overrides a setting; may be repeated")->allow_extra_args(false);
  app.add_option("--device", o.device,
                 "what simulates, trains and asks twins: cpu (default), cuda (a GPU), or emulate")
      ->check(one_of({"cpu", "cuda", "emulate"}));
  add_threads_option(app, o.threads);
  app.add_option("--seed", o.seed,
                 "overrides the experiment's seed; for one trial of a cell: seed of its random mechanisms")
      ->check(CLI::Range(int64_t{0}, int64_t{9000000000000000}));
  app.add_flag("--dry-run", o.dry_run, "print the plan and do nothing");
  auto* quiet = app.add_flag("-q,--quiet", o.quiet, "print errors and results only");
  app.add_flag("-v,--verbose", o.verbose, "keep every line of the progress")->excludes(quiet);
}

neurontwin::Experiment prepare(const StageOptions& o) {
  const bool quiet = o.quiet || launched().rank() > 0;
  set_loudness(quiet ? Loudness::quiet : o.verbose ? Loudness::verbose : Loudness::usual);
  auto experiment = neurontwin::read_experiment(o);
  for (const auto& note : experiment.notes()) say("note: " + note);
  require_address_space(threads_of(o.threads));
  return experiment;
}

void require_background_simulation(const CLI::App& running, const neurontwin::Experiment& e) {
  if (running.count("--simulation-threads") > 0 && !e.simulates_beside_training()) {
    nt::fail_input(
        "--simulation-threads has no effect without train.starts_with_trials, which lets training begin "
        "before all trials are simulated; leave it out");
  }
}

void add_watch_option(CLI::App& app, RunOptions& o) {
  app.add_flag("--watch", o.watch, "keep a page of the training, watch.html, that reloads itself");
}

void add_json_option(CLI::App& app, bool& json) {
  app.add_flag("--json", json, "print the scores as JSON, as metrics.json has them");
}

void print_results(const neurontwin::Experiment& experiment, bool json) {
  if (json)
    show_text(neurontwin::read_metrics_json(experiment.folder()));
  else
    show_text(neurontwin::summary_of(experiment));
}

void print_search(const std::string& table, const std::filesystem::path& folder) {
  show("{}  everything              {}\n", table,
       std::filesystem::absolute(folder / "search.json").lexically_normal().string());
}

/// Whether there is something to do after the plan was said. A plan that is asked for is the result.
bool go_on_after_plan(const StageOptions& options, const neurontwin::Experiment& experiment,
                      std::span<const Stage> stages = neurontwin::kAllStages) {
  if (launched().rank() > 0 || (!options.dry_run && options.quiet)) return !options.dry_run;
  const auto plan = neurontwin::plan_of(experiment, stages);
  if (options.dry_run) {
    show_text(neurontwin::words_for(plan));
  } else if (std::ranges::any_of(plan.stages, &neurontwin::StagePlan::to_do)) {
    say(neurontwin::words_for(plan));
  }
  return !options.dry_run;
}

/// What is asked of a device in vain is said; it need not be there, then.
void stay_on_cpu(std::string_view command, StageOptions& options) {
  if (options.device != "cpu" && launched().rank() == 0)
    say(fmt::format("note: {} computes on the CPU; --device {} is for the stages of run but report", command,
                    options.device));
  options.device = "cpu";
}

void run_one(Stage stage, StageOptions& options) {
  if (stage == Stage::report) stay_on_cpu(neurontwin::name_of(stage), options);
  const auto experiment = prepare(options);
  if (go_on_after_plan(options, experiment, {&stage, 1}))
    neurontwin::run_stage(stage, experiment, terminal_watcher());
}

/// Of a data set that other programs make with this one.
void run_shards(const StageOptions& options, const std::string& which) {
  if (launched().size() > 1)
    nt::fail_input(
        "--shards is for separate jobs, but these {} ranks share the data set already; leave it out",
        launched().size());
  const auto experiment = prepare(options);
  if (options.dry_run) {
    show("{} shards, 0:{}\n", neurontwin::shard_count(experiment), neurontwin::shard_count(experiment));
    return;
  }
  const auto trials = neurontwin::simulate_shards(experiment, which, terminal_watcher());
  say(fmt::format("simulate: shards {}: {} trials", which, trials));
}

std::shared_ptr<StageOptions> new_options(const std::vector<std::string>& arguments) {
  auto options = std::make_shared<StageOptions>();
  options->command = as_run(arguments);
  options->ranks = launched();
  return options;
}

Command run_command(const std::vector<std::string>& arguments) {
  return {"run", "simulate, train, evaluate, interpret and report", [arguments](CLI::App& app) {
            const auto options = new_options(arguments);
            add_stage_options(app, *options);
            add_watch_option(app, *options);
            app.add_option("--simulation-threads", options->simulation_threads,
                           "threads that continue simulating during training, with train.starts_with_trials "
                           "(default: half)")
                ->check(CLI::Range(1, 4096));
            add_json_option(app, options->json);
            return [options, &app] {
              const auto experiment = prepare(*options);
              require_background_simulation(app, experiment);
              if (!go_on_after_plan(*options, experiment)) return;
              neurontwin::run(experiment, terminal_watcher());
              if (launched().rank() == 0) print_results(experiment, options->json);
            };
          }};
}

Command train_command(const std::vector<std::string>& arguments) {
  return {"train", "train the twin (one stage of run)", [arguments](CLI::App& app) {
            const auto options = new_options(arguments);
            add_stage_options(app, *options);
            add_watch_option(app, *options);
            return [options] { run_one(Stage::train, *options); };
          }};
}

Command stage_command(const std::string& name, Stage stage, const std::string& help,
                      const std::vector<std::string>& arguments) {
  return {name, help + " (one stage of run)", [stage, arguments](CLI::App& app) {
            const auto options = new_options(arguments);
            add_stage_options(app, *options);
            return [options, stage] { run_one(stage, *options); };
          }};
}

Command report_command(const std::vector<std::string>& arguments) {
  return {"report", "write report.html (one stage of run)", [arguments](CLI::App& app) {
            const auto options = new_options(arguments);
            const auto open = std::make_shared<bool>(false);
            add_stage_options(app, *options);
            app.add_flag("--open", *open, "open it in the browser");
            return [options, open] {
              run_one(Stage::report, *options);
              if (!*open || options->dry_run) return;
              const auto page = neurontwin::read_experiment(*options).folder() / "report.html";
              show("{}\n", page.string());  // whatever the browser does
              open_page(page);
            };
          }};
}

/// An experiment's data set, or one trial of a cell.
Command simulate_command(const std::vector<std::string>& arguments) {
  return {"simulate", "make the data set (one stage of run)", [arguments](CLI::App& app) {
            const auto options = new_options(arguments);
            const auto one_trial = std::make_shared<SimulateCell>();
            add_stage_options(app, *options);
            const auto shards = std::make_shared<std::string>();
            app.add_option("--shards", *shards,
                           "FROM:TO or PART/PARTS: make only these shards of the data set, counted from 0, "
                           "for jobs that share one run folder");
            add_cell_options(app, *one_trial);
            return [options, one_trial, shards, &app] {
              if (!shards->empty() && !is_one_trial(app, options->out)) return run_shards(*options, *shards);
              if (!is_one_trial(app, options->out)) {
                run_one(Stage::simulate, *options);
                return;
              }
              if (launched().rank() > 0) return;
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
          train_command(arguments),
          stage_command("evaluate", Stage::evaluate, "score the twin on held-out trials", arguments),
          stage_command("interpret", Stage::interpret, "find what the twin's filters mean", arguments),
          report_command(arguments)};
}

Command search_command(const std::vector<std::string>& arguments) {
  return {"search", "find how small a twin can be", [arguments](CLI::App& app) {
            struct Workers {
              int processes = 1;
              int threads_of_this_one = 0;  // 0: this process is no worker
            };
            const auto options = new_options(arguments);
            const auto workers = std::make_shared<Workers>();
            add_stage_options(app, *options);
            app.add_option("--workers", workers->processes,
                           "number of processes that train; they share the threads (default: 1)")
                ->check(CLI::Range(1, 1024));
            app.add_option("--search-worker", workers->threads_of_this_one)->group("");
            return [options, workers, arguments] {
              if (workers->processes > 1 && launched().size() > 1)
                nt::fail_input("--workers {}: these {} ranks are the workers; leave it out",
                               workers->processes, launched().size());
              stay_on_cpu("search", *options);
              const auto experiment = prepare(*options);
              constexpr std::array kSimulation{Stage::simulate};
              if (workers->threads_of_this_one == 0 && !go_on_after_plan(*options, experiment, kSimulation))
                return;
              if (workers->threads_of_this_one > 0)
                neurontwin::work_on_search(experiment, workers->threads_of_this_one, terminal_watcher());
              else if (const auto table =
                           neurontwin::search(experiment, workers->processes, arguments, terminal_watcher());
                       launched().rank() == 0)
                print_search(table, experiment.folder());
            };
          }};
}

}  // namespace nt::cli
