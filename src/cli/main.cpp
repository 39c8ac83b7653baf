#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <thread>

#include "cli/kept_memory.hpp"
#include "cli/memory_limit.hpp"
#include "cli/outcome.hpp"
#include "cli/patient_threads.hpp"
#include "cli/print_comparison.hpp"
#include "cli/progress_bar.hpp"
#include "cli/say.hpp"
#include "cli/simulate_cell.hpp"
#include "cli/stopping.hpp"
#include "config/error.hpp"
#include "neurontwin/run.hpp"

namespace {

using namespace nt::cli;
using neurontwin::InputError;
using neurontwin::RunOptions;
using neurontwin::Stage;

constexpr int kDone = 0, kWrongInput = 2;

std::string quoted(const std::string& word) {
  if (word.find_first_of(" \t\"'\\$*?[]{}();&|<>#~`!") == std::string::npos && !word.empty()) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// The command line as `run`, whatever stage was asked for: what repeats the result.
std::string command_line(int argc, char** argv) {
  std::string line = "neurontwin run";
  for (int i = 2; i < argc; ++i) line += " " + quoted(argv[i]);
  return line;
}

int threads_of(const RunOptions& o) {
  return o.threads > 0 ? o.threads : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

/// What a command reads is not to be overwritten by what it writes, under whatever name.
void require_other_file(const std::filesystem::path& out, const std::filesystem::path& input) {
  std::error_code not_there;
  if (std::filesystem::equivalent(out, input, not_there))
    nt::fail_input("--out {}: is what the command reads, expected another file", out.string());
}

void add_stage_options(CLI::App& app, RunOptions& o) {
  app.add_option("experiment", o.experiment, "experiment file (.toml)")->required();
  app.add_option("--profile", o.profile, "a profile of the experiment file: quick, day or paper");
  app.add_option("--out", o.out, "run directory (default: runs/EXPERIMENT[-PROFILE])");
  app.add_option("--set", o.set, "key=value over the file and the profile; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--device", o.device, "cpu or cuda")->check(CLI::IsMember({"cpu", "cuda"}));
  app.add_option("--threads", o.threads, "threads (default: all cores)")->check(CLI::Range(1, 4096));
  app.add_option("--seed", o.seed, "over the experiment's seed")
      ->check(CLI::Range(int64_t{0}, int64_t{9000000000000000}));
}

/// simulate CELL.toml [--replay INPUT.h5] --out OUT.h5
void add_cell_options(CLI::App& app, SimulateCell& o) {
  const auto group = "One trial of a cell: CELL.toml [--replay INPUT.h5] --out OUT.h5";
  app.add_option("--replay", o.input, "recorded input spikes (.h5) for the cell's synapses")->group(group);
  const auto add = [&](const std::string& name, auto& value, const std::string& help) {
    return app.add_option(name, value, help)->group(group);
  };
  add("--dt", o.dt_ms, "time step in ms (default: 0.025)");
  add("--scheme", o.scheme, "euler or crank-nicolson (default)")
      ->check(CLI::IsMember({"euler", "crank-nicolson"}));
  add("--precision", o.precision, "double (default) or float")->check(CLI::IsMember({"double", "float"}));
  add("--morphology", o.choices.morphology, "a reconstruction (.swc, .asc) in the place of the cell's own");
  add("--receptors", o.choices.receptors, "nmda or ampa (default: the cell's own)")
      ->check(CLI::IsMember({"nmda", "ampa"}));
  add("--ms", o.duration_ms,
      "duration (default: the last input spike, rounded up to a second; without --replay required)")
      ->check(CLI::Range(1, 100000000));
}

constexpr auto kOneTrial = "simulate CELL.toml [--replay INPUT.h5] --out OUT.h5";

/// Whether `simulate` is asked for one trial of a cell rather than for an experiment's data set. An option of
/// the one is refused with the other.
bool is_one_trial(const CLI::App& simulating, const RunOptions& o) {
  if (simulating.count("--replay") > 0 || o.out.extension() == ".h5") {
    for (const auto* option : {"--profile", "--device", "--threads", "--seed"}) {
      if (simulating.count(option) > 0)
        nt::fail_input("{} means nothing for one trial of a cell ({}); leave it out", option, kOneTrial);
    }
    return true;
  }
  for (const auto* option : {"--dt", "--scheme", "--precision", "--morphology", "--receptors", "--ms"}) {
    if (simulating.count(option) > 0) nt::fail_input("{} is for one trial of a cell: {}", option, kOneTrial);
  }
  return false;
}

neurontwin::Experiment prepare(const RunOptions& o) {
  auto experiment = neurontwin::read_experiment(o);
  for (const auto& note : experiment.notes()) say("note: " + note);
  require_address_space(threads_of(o));
  return experiment;
}

void require_background_simulation(const CLI::App& all, const neurontwin::Experiment& e) {
  if (all.count("--simulation-threads") > 0 && !e.simulates_beside_training()) {
    nt::fail_input(
        "--simulation-threads means nothing without train.starts_with_trials, which lets training begin "
        "before all trials are simulated; leave it out");
  }
}

void print_search(const std::string& table, const std::filesystem::path& folder) {
  fmt::print("{}  everything              {}\n", table,
             std::filesystem::absolute(folder / "search.json").lexically_normal().string());
}

int run_command(int argc, char** argv) {
  CLI::App app("neurontwin: from a detailed neuron to its deep-network twin", "neurontwin");
  app.set_version_flag("--version", "neurontwin " NEURONTWIN_VERSION);
  app.require_subcommand(1);
  RunOptions options;
  options.command = command_line(argc, argv);

  auto* all = app.add_subcommand("run", "simulate, train, evaluate, interpret and report");
  add_stage_options(*all, options);
  all->add_option(
         "--simulation-threads", options.simulation_threads,
         "threads that go on simulating beside training, where train.starts_with_trials asks for that "
         "(default: half)")
      ->check(CLI::Range(1, 4096));
  const std::vector<std::tuple<std::string, Stage, std::string>> stages{
      {"simulate", Stage::simulate, "make the data set"},
      {"train", Stage::train, "train the twin"},
      {"evaluate", Stage::evaluate, "score the twin on held-out trials"},
      {"interpret", Stage::interpret, "find what the twin's filters mean"},
      {"report", Stage::report, "write report.html"}};
  for (const auto& [name, stage, help] : stages)
    add_stage_options(*app.add_subcommand(name, help + " (one stage of run)"), options);
  auto* searching = app.add_subcommand("search", "find how small a twin can be, and why");
  add_stage_options(*searching, options);
  int workers = 1, worker_threads = 0;
  searching->add_option("--workers", workers, "processes to train with, which share the threads (default: 1)")
      ->check(CLI::Range(1, 1024));
  searching->add_option("--search-worker", worker_threads)->group("");  // what those are started with
  SimulateCell one_trial;
  auto* simulating = app.get_subcommand("simulate");
  add_cell_options(*simulating, one_trial);

  std::filesystem::path file, input, out;
  std::vector<std::filesystem::path> files;
  std::string format;
  auto* inspecting = app.add_subcommand(
      "inspect", "what an experiment, cell, morphology, mechanism, data set or twin file holds");
  inspecting
      ->add_option("files", files,
                   ".toml, .swc, .asc, .mod, .h5 or .safetensors; shards of one split are taken together")
      ->required();
  inspecting->add_option("--set", options.set, "key=value over what the cell's or experiment's file says")
      ->allow_extra_args(false);
  inspecting->add_option("--profile", options.profile, "a profile of the experiment file");
  std::filesystem::path svg;
  inspecting->add_option("--svg", svg, "file to draw the tree of a morphology or a detailed cell in");
  auto* predicting = app.add_subcommand("predict", "run a twin over the input of a data set file");
  predicting->add_option("twin", file, "twin.safetensors")->required();
  predicting->add_option("--input", input, "data set or replay file (.h5)")->required();
  predicting->add_option("--out", out, "HDF5 file to write")->required();
  predicting->add_option("--threads", options.threads, "threads (default: all cores)")
      ->check(CLI::Range(1, 4096));
  auto* exporting = app.add_subcommand("export", "write a twin in another format");
  exporting->add_option("twin", file, "twin.safetensors")->required();
  exporting->add_option("--format", format, "onnx or hdf5")->required();
  exporting->add_option("--out", out, "file to write")->required();

  neurontwin::CompareOptions comparing;
  std::filesystem::path comparison;
  auto* compare =
      app.add_subcommand("compare", "scores of runs' twins on the same test trials, and how they differ");
  compare->add_option("runs", files, "run folders; each is compared with the first")->required();
  compare->add_option("--resamples", comparing.resamples, "of the test trials (default: the first run's)")
      ->check(CLI::Range(int64_t{10}, int64_t{1000000}));
  compare->add_option("--out", comparison, "JSON file with every score");
  compare->add_option("--threads", options.threads, "threads (default: all cores)")
      ->check(CLI::Range(1, 4096));

  if (argc > 1 && argv[1][0] != '-') {
    std::vector<std::string> known;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
      known.push_back(command->get_name());
    if (std::find(known.begin(), known.end(), argv[1]) == known.end())
      nt::fail_input("unknown command '{}'; known: {}", argv[1], fmt::join(known, ", "));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kWrongInput;
  }

  if (inspecting->parsed()) {
    fmt::print("{}", neurontwin::inspect(files, options.profile, options.set, svg));
  } else if (predicting->parsed()) {
    require_address_space(threads_of({}));
    require_other_file(out, file);
    require_other_file(out, input);
    neurontwin::predict_file(file, input, out, options.threads, stop_of_signals());
  } else if (compare->parsed()) {
    require_address_space(threads_of({}));
    comparing.threads = options.threads;
    comparing.watcher = terminal_watcher();
    compare_runs(files, comparing, comparison);
  } else if (exporting->parsed()) {
    require_other_file(out, file);
    if (format != "onnx" && format != "hdf5")
      nt::fail_input(
          "--format {}: expected onnx or hdf5; TorchScript is written by python3 python/convert_twin.py",
          format);
    neurontwin::export_twin(neurontwin::load_twin(file), format, out);
  } else if (simulating->parsed() && is_one_trial(*simulating, options)) {
    one_trial.cell = options.experiment;
    one_trial.out = options.out;
    one_trial.choices.set = options.set;
    simulate_cell(one_trial);
  } else {
    const auto experiment = prepare(options);
    require_background_simulation(*all, experiment);
    if (searching->parsed() && worker_threads > 0)
      neurontwin::work_on_search(experiment, worker_threads, terminal_watcher());
    else if (searching->parsed())
      print_search(neurontwin::search(experiment, workers, {argv, argv + argc}, terminal_watcher()),
                   experiment.folder());
    if (all->parsed()) {
      neurontwin::run(experiment, terminal_watcher());
      fmt::print("{}", neurontwin::summary_of(experiment));
    }
    for (const auto& [name, stage, help] : stages) {
      if (app.got_subcommand(name)) neurontwin::run_stage(stage, experiment, terminal_watcher());
    }
  }
  return kDone;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "run" || command == "train" || command == "search") start_with_patient_threads(argv);
  keep_freed_memory();
  stop_on_signals();
  const auto doing =
      fmt::format("running 'neurontwin {}'", fmt::join(argv + std::min(1, argc), argv + argc, " "));
  return outcome_of(doing, [&] { return run_command(argc, argv); });
}
