#include "neurontwin/run.hpp"

#include <algorithm>

#include "device/device.hpp"
#include "files/files.hpp"
#include "front_door/models.hpp"
#include "produce/dataset_size.hpp"
#include "produce/make_dataset.hpp"
#include "report/report.hpp"
#include "run/compare.hpp"
#include "run/inspect.hpp"
#include "run/list_runs.hpp"
#include "run/memory_estimate.hpp"
#include "run/metrics_json.hpp"
#include "run/new_experiment.hpp"
#include "run/output_file.hpp"
#include "run/plot.hpp"
#include "run/run_plan.hpp"
#include "run/search_stage.hpp"
#include "run/stages.hpp"
#include "run/summary.hpp"

namespace neurontwin {

struct Experiment::Model {
  nt::run::Options options;
  nt::run::Experiment experiment;
};

namespace {

constexpr auto kExperimentFile = "experiment.toml";

/// The experiment that a run folder remembers.
std::filesystem::path experiment_of(const std::filesystem::path& folder, const std::string& profile) {
  auto file = folder / kExperimentFile;
  if (!std::filesystem::exists(file)) {
    nt::fail_input("{}: is a folder without {}, so not of a run; expected an experiment file or a run folder",
                   folder.string(), kExperimentFile);
  }
  if (!profile.empty()) {
    nt::fail_input("--profile {}: the run folder {} holds its profile's settings already; leave it out",
                   profile, folder.string());
  }
  return file;
}

/// Nobody wants the published sizes by default: they take days.
std::string usual_profile(const std::filesystem::path& experiment) {
  const auto profiles = nt::config::profiles_of(experiment);
  return std::ranges::find(profiles, "quick") != profiles.end() ? "quick" : "";
}

nt::run::Options options_of(const RunOptions& asked) {
  nt::run::Options o;
  if (std::filesystem::is_directory(asked.experiment)) {
    o.experiment = experiment_of(asked.experiment, asked.profile);
    o.out = asked.out.empty() ? asked.experiment : asked.out;
  } else {
    o.experiment = asked.experiment;
    o.profile = asked.profile.empty() ? usual_profile(asked.experiment) : asked.profile;
    o.out = !asked.out.empty() ? asked.out
                               : std::filesystem::path("runs") / (asked.experiment.stem().string() +
                                                                  (o.profile.empty() ? "" : "-" + o.profile));
  }
  o.set = asked.set;
  o.device = asked.device;
  o.threads = asked.ranks && asked.threads == 0 ? asked.ranks->threads() : threads_or_cores(asked.threads);
  o.simulation_threads = asked.simulation_threads;
  o.watch = asked.watch;
  o.seed = asked.seed ? static_cast<int64_t>(*asked.seed) : -1;
  o.command = asked.command;
  if (asked.ranks) o.ranks = asked.ranks->model()->ranks;
  return o;
}

/// The numbers of metrics.json with their intervals.
Metrics metrics_in(const nlohmann::ordered_json& json) {
  Metrics metrics;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_number()) continue;
    Metric metric{key, value.get<double>()};
    if (const auto interval = nt::run::interval_in(json, key)) {
      metric.low = (*interval)[0];
      metric.high = (*interval)[1];
    }
    metrics.all.push_back(std::move(metric));
  }
  return metrics;
}

}  // namespace

const std::string& Experiment::title() const {
  return model().experiment.title;
}

const std::filesystem::path& Experiment::folder() const {
  return model().options.out;
}

const std::string& Experiment::settings() const {
  return model().experiment.resolved;
}

std::vector<std::string> Experiment::notes() const {
  return nt::cell::notes_of(model().experiment.plan.cell);
}

bool Experiment::simulates_beside_training() const {
  return model().experiment.train.starts_with_trials > 0;
}

Experiment read_experiment(const RunOptions& asked) {
  nt::device::open_device(
      nt::device::kind_named(asked.device));  // before anything else is done: is there one?
  auto options = options_of(asked);
  if (nt::config::Settings::from_file(options.experiment).has("kind")) {
    nt::fail_input(
        "{}: is a cell, expected an experiment; one trial of a cell: simulate CELL.toml [--replay "
        "INPUT.h5] --out OUT.h5",
        asked.experiment.string());
  }
  auto experiment = nt::run::read_experiment(options);
  if (asked.device != "cpu" && experiment.train.starts_with_trials > 0)
    nt::fail_input(
        "--device {}: beside training (train.starts_with_trials) the CPU simulates; leave one of them out",
        asked.device);
  // What cannot fit is refused before anything is made.
  nt::produce::require_room(experiment.plan, options.out / "dataset");
  nt::run::require_memory(experiment);
  return Experiment(std::make_shared<const Experiment::Model>(
      Experiment::Model{std::move(options), std::move(experiment)}));
}

RunPlan plan_of(const Experiment& experiment, std::span<const Stage> stages) {
  return nt::run::plan_run(experiment.model().experiment, experiment.model().options, stages);
}

std::string words_for(const RunPlan& plan) {
  return nt::run::words_for(plan);
}

Metrics run(const Experiment& experiment, const Watcher& watcher) {
  nt::run::run_all(experiment.model().experiment, experiment.model().options, watcher);
  return experiment.model().options.ranks->is_first() ? read_metrics(experiment.folder()) : Metrics{};
}

void run_stage(Stage stage, const Experiment& experiment, const Watcher& watcher) {
  nt::run::run_stage(stage, experiment.model().experiment, experiment.model().options, watcher);
}

int64_t simulate_shards(const Experiment& experiment, const std::string& which, const Watcher& watcher) {
  return nt::run::simulate_shards(which, experiment.model().experiment, experiment.model().options, watcher);
}

int64_t shard_count(const Experiment& experiment) {
  return nt::produce::shard_count(experiment.model().experiment.plan);
}

Metrics read_metrics(const std::filesystem::path& run_folder) {
  return metrics_in(nt::run::read_metrics(run_folder));
}

std::string read_metrics_json(const std::filesystem::path& run_folder) {
  return nt::run::read_metrics(run_folder).dump(1, ' ', true) + "\n";
}

std::filesystem::path make_experiment(const NewExperiment& asked) {
  return nt::run::make_experiment(asked);
}

std::vector<ListedRun> list_runs(std::span<const std::filesystem::path> folders) {
  return nt::run::list_runs(folders);
}

std::vector<std::string> figures() {
  return nt::run::figures();
}

void plot(const std::filesystem::path& run_folder, const std::string& figure,
          const std::filesystem::path& svg) {
  nt::run::plot(run_folder, figure, svg);
}

std::string summary_of(const Experiment& experiment) {
  return nt::run::summary_of(experiment.model().experiment, experiment.folder());
}

std::string search(const Experiment& experiment, int workers, const std::vector<std::string>& program,
                   const Watcher& watcher) {
  if (workers < 1 || workers > 1024) nt::fail_input("{} workers, expected 1 to 1024", workers);
  return nt::run::run_search(experiment.model().experiment, experiment.model().options, workers, program,
                             watcher);
}

void work_on_search(const Experiment& experiment, int threads, const Watcher& watcher) {
  nt::run::run_search_worker(experiment.model().experiment, experiment.model().options,
                             threads_or_cores(threads), watcher);
}

Comparison compare_runs(std::span<const std::filesystem::path> folders, const CompareOptions& options) {
  auto asked = options;
  asked.threads = threads_or_cores(options.threads);
  return nt::run::compare_folders(folders, asked);
}

void check_comparison_files(const std::filesystem::path& json, const std::filesystem::path& page) {
  if (!json.empty()) nt::run::require_own(json, nt::run::Written::comparison);
  if (!page.empty()) nt::run::require_own(page, nt::run::Written::comparison_page);
}

std::string json_of(const Comparison& comparison) {
  nlohmann::ordered_json json{{"a", comparison.runs.empty() ? "" : comparison.runs.front().folder.string()},
                              {"test_trials", comparison.test_trials},
                              {"test_digest", comparison.test_digest},
                              {"resamples", comparison.resamples},
                              {"comparisons", nlohmann::ordered_json::array()}};
  for (size_t i = 1; i < comparison.runs.size(); ++i) {
    auto scores = nlohmann::ordered_json::object();
    for (const auto& d : comparison.runs[i].differences)
      scores[d.name] = {{"a", d.first},
                        {"b", d.second},
                        {"difference", d.second - d.first},
                        {"difference_ci95", {d.low, d.high}},
                        {"other_sign_share", d.other_sign_share}};
    json["comparisons"].push_back({{"b", comparison.runs[i].folder.string()}, {"scores", std::move(scores)}});
  }
  return json.dump(1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void write_comparison(const Comparison& comparison, const std::filesystem::path& file) {
  nt::run::require_own(file, nt::run::Written::comparison);
  nt::files::write_file_atomically(file, json_of(comparison));
}

void write_comparison_page(const Comparison& comparison, const std::filesystem::path& file) {
  nt::run::require_own(file, nt::run::Written::comparison_page);
  std::vector<std::filesystem::path> folders;
  for (const auto& run : comparison.runs) folders.push_back(run.folder);
  nt::files::write_file_atomically(file, nt::report::make_compare_page(json_of(comparison), folders));
}

std::string inspect(std::span<const std::filesystem::path> files, const std::string& profile,
                    const std::vector<std::string>& set, const std::filesystem::path& svg) {
  return nt::run::inspect({files.begin(), files.end()}, profile, set, svg);
}

}  // namespace neurontwin
