#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "cli/compare.hpp"
#include "cli/memory_limit.hpp"
#include "cli/outcome.hpp"
#include "cli/progress_bar.hpp"
#include "cli/replay.hpp"
#include "cli/stopping.hpp"
#include "cli/summary.hpp"
#include "cli/tools.hpp"
#include "produce/dataset_size.hpp"
#include "run/memory_estimate.hpp"
#include "run/reasons.hpp"
#include "run/search_stage.hpp"
#include "run/stages.hpp"
#include "train/kept_memory.hpp"
#include "train/patient_threads.hpp"

namespace {

using namespace neurontwin;

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

void add_stage_options(CLI::App& app, Options& o) {
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
void add_replay_options(CLI::App& app, ReplayOptions& o) {
  const auto group = "One trial of a cell: CELL.toml [--replay INPUT.h5] --out OUT.h5";
  app.add_option("--replay", o.input, "recorded input spikes (.h5) for the cell's synapses")->group(group);
  const auto add = [&](const std::string& name, auto& value, const std::string& help) {
    return app.add_option(name, value, help)->group(group);
  };
  add("--dt", o.dt_ms, "time step in ms (default: 0.025)");
  add("--scheme", o.scheme, "euler or crank-nicolson (default)")
      ->check(CLI::IsMember({"euler", "crank-nicolson"}));
  add("--precision", o.precision, "double (default) or float")->check(CLI::IsMember({"double", "float"}));
  add("--morphology", o.morphology, "a reconstruction (.swc, .asc) in the place of the cell's own");
  add("--receptors", o.receptors, "nmda or ampa (default: the cell's own)")
      ->check(CLI::IsMember({"nmda", "ampa"}));
  add("--ms", o.duration_ms,
      "duration (default: the last input spike, rounded up to a second; without --replay required)")
      ->check(CLI::Range(1, 100000000));
}

constexpr auto kOneTrial = "simulate CELL.toml [--replay INPUT.h5] --out OUT.h5";

/// Whether `simulate` is asked for one trial of a cell rather than for an experiment's data set. An option of
/// the one is refused with the other.
bool is_replay(const CLI::App& simulating, const Options& o) {
  if (simulating.count("--replay") > 0 || o.out.extension() == ".h5") {
    for (const auto* option : {"--profile", "--device", "--threads", "--seed"}) {
      if (simulating.count(option) > 0)
        fail_input("{} means nothing for one trial of a cell ({}); leave it out", option, kOneTrial);
    }
    return true;
  }
  for (const auto* option : {"--dt", "--scheme", "--precision", "--morphology", "--receptors", "--ms"}) {
    if (simulating.count(option) > 0) fail_input("{} is for one trial of a cell: {}", option, kOneTrial);
  }
  return false;
}

Experiment prepare(Options& o) {
  if (Settings::from_file(o.experiment).has("kind")) {
    fail_input("{}: is a cell, expected an experiment; one trial of a cell: {}", o.experiment.string(),
               kOneTrial);
  }
  if (o.device == "cuda")
    fail_input("--device cuda: this version has no GPU support; leave it out, or use --device cpu");
  if (o.out.empty()) {
    o.out = std::filesystem::path("runs") /
            (o.experiment.stem().string() + (o.profile.empty() ? "" : "-" + o.profile));
  }
  auto experiment = read_experiment(o);
  // What cannot fit is refused before anything is made.
  require_room(experiment.plan, o.out / "dataset");
  require_memory(experiment);
  require_address_space(threads_of(o));
  return experiment;
}

void require_background_simulation(const CLI::App& all, const Experiment& e) {
  if (all.count("--simulation-threads") > 0 && e.train.starts_with_trials == 0) {
    fail_input(
        "--simulation-threads means nothing without train.starts_with_trials, which lets training begin "
        "before all trials are simulated; leave it out");
  }
}

void print_search(const std::string& table, const std::filesystem::path& folder) {
  fmt::print("{}  everything              {}\n", table,
             std::filesystem::absolute(folder / "search.json").lexically_normal().string());
}

int run(int argc, char** argv) {
  CLI::App app("neurontwin: from a detailed neuron to its deep-network twin", "neurontwin");
  app.set_version_flag("--version", "neurontwin " NEURONTWIN_VERSION);
  app.require_subcommand(1);
  Options options;
  options.command = command_line(argc, argv);

  auto* all = app.add_subcommand("run", "simulate, train, evaluate, interpret and report");
  add_stage_options(*all, options);
  all->add_option(
         "--simulation-threads", options.simulation_threads,
         "threads that go on simulating beside training, where train.starts_with_trials asks for that "
         "(default: half)")
      ->check(CLI::Range(1, 4096));
  const std::vector<std::tuple<std::string, StageName, std::string>> stages{
      {"simulate", StageName::simulate, "make the data set"},
      {"train", StageName::train, "train the twin"},
      {"evaluate", StageName::evaluate, "score the twin on held-out trials"},
      {"interpret", StageName::interpret, "find what the twin's filters mean"},
      {"report", StageName::report, "write report.html"}};
  for (const auto& [name, stage, help] : stages)
    add_stage_options(*app.add_subcommand(name, help + " (one stage of run)"), options);
  auto* searching = app.add_subcommand("search", "find how small a twin can be, and why");
  add_stage_options(*searching, options);
  int workers = 1, worker_threads = 0;
  searching->add_option("--workers", workers, "processes to train with, which share the threads (default: 1)")
      ->check(CLI::Range(1, 1024));
  searching->add_option("--search-worker", worker_threads)->group("");  // what those are started with
  ReplayOptions replaying;
  auto* simulating = app.get_subcommand("simulate");
  add_replay_options(*simulating, replaying);

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

  CompareOptions comparing;
  auto* compare =
      app.add_subcommand("compare", "scores of runs' twins on the same test trials, and how they differ");
  compare->add_option("runs", comparing.runs, "run folders; each is compared with the first")->required();
  compare->add_option("--resamples", comparing.resamples, "of the test trials (default: the first run's)")
      ->check(CLI::Range(int64_t{10}, int64_t{1000000}));
  compare->add_option("--out", comparing.out, "JSON file with every score");
  compare->add_option("--threads", options.threads, "threads (default: all cores)")
      ->check(CLI::Range(1, 4096));

  if (argc > 1 && argv[1][0] != '-') {
    std::vector<std::string> known;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
      known.push_back(command->get_name());
    if (std::find(known.begin(), known.end(), argv[1]) == known.end())
      fail_input("unknown command '{}'; known: {}", argv[1], fmt::join(known, ", "));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kWrongInput;
  }

  if (inspecting->parsed()) {
    inspect(files, options.profile, options.set);
  } else if (predicting->parsed()) {
    require_address_space(threads_of({}));
    predict(file, input, out, threads_of(options), stop_of_signals());
  } else if (compare->parsed()) {
    require_address_space(threads_of({}));
    comparing.threads = threads_of(options);
    compare_runs(comparing);
  } else if (exporting->parsed()) {
    export_twin(file, format, out);
  } else if (simulating->parsed() && is_replay(*simulating, options)) {
    replaying.cell = options.experiment;
    replaying.out = options.out;
    replaying.set = options.set;
    replay(replaying);
  } else {
    const auto experiment = prepare(options);
    require_background_simulation(*all, experiment);
    if (searching->parsed() && worker_threads > 0)
      run_search_worker(experiment, options, worker_threads, terminal_watcher());
    else if (searching->parsed())
      print_search(run_search(experiment, options, workers, {argv, argv + argc}, terminal_watcher()),
                   options.out);
    if (all->parsed()) {
      run_all(experiment, options, terminal_watcher());
      print_summary(experiment, options.out);
    }
    for (const auto& [name, stage, help] : stages) {
      if (app.got_subcommand(name)) run_stage(stage, experiment, options, terminal_watcher());
    }
  }
  return kDone;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "run" || command == "train" || command == "search")
    neurontwin::start_with_patient_threads(argv);
  neurontwin::keep_freed_memory();
  neurontwin::stop_on_signals();
  return neurontwin::outcome_of([&] {
    int code = 0;
    const auto doing =
        fmt::format("running 'neurontwin {}'", fmt::join(argv + std::min(1, argc), argv + argc, " "));
    neurontwin::with_reasons(doing, "the size of what it was given", [&] { code = run(argc, argv); });
    return code;
  });
}
