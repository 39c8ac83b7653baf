#include <ctime>
#include <fstream>
#include <thread>

#include "files/json.hpp"
#include "interpret/synapse_weights.hpp"
#include "report/live_twin.hpp"
#include "report/neuron.hpp"
#include "report/report.hpp"
#include "run/detail/curves_json.hpp"
#include "run/detail/json_kinds.hpp"
#include "run/stages.hpp"

namespace nt::run {
namespace {

using Json = nlohmann::ordered_json;

std::string machine_words() {
  std::ifstream cpu("/proc/cpuinfo");
  std::string model = "unknown processor";
  for (std::string line; std::getline(cpu, line);) {
    if (line.starts_with("model name")) {
      model = line.substr(line.find(':') + 2);
      break;
    }
  }
  return fmt::format("{}, {} cores", model, std::thread::hardware_concurrency());
}

std::string hours(double seconds) {
  return seconds < 3600 ? fmt::format("{:.0f} min", seconds / 60) : fmt::format("{:.1f} h", seconds / 3600);
}

config::ValuesByKey page_settings(const RunFolder& run) {
  return {{"algorithms.report", fmt::to_string(report::kReportVersion)},
          {"program", NEURONTWIN_VERSION},
          {"title", run.log().word("title")},
          {"profile", run.log().word("profile")}};
}

Contents training_data(const Contents& data) {
  Contents training;
  for (const auto& [name, content] : data)
    if (name == "dataset/train" || name == "dataset/valid") training[name] = content;
  return training;
}

/// Whether search.json is there, as a finished search wrote it, of the data that the run is of. Says why
/// not.
bool search_is_ours(RunFolder& run) {
  if (!std::filesystem::exists(run.folder / "search.json")) return false;
  const auto* record = run.log().find("search");
  const auto* data = run.log().find("simulate");
  std::string why = "no search that this neurontwin finished wrote it";
  if (record != nullptr && record->inputs.files != training_data(data->outputs))
    why = "it was made from other data";
  else if (record != nullptr)
    why = why_again(*record, {record->inputs.settings, {}}, run.contents({"search.json"}));
  if (why.empty()) return true;
  run.watcher.note(fmt::format("report: leaves out {}: {}; 'neurontwin search' makes it again",
                               (run.folder / "search.json").string(), why));
  return false;
}

/// neuron.json, of a neuron that has a shape. Without data set or twin it has no trial to play.
void make_neuron_json(RunFolder& run) {
  const auto file = run.folder / "neuron.json";
  const auto* cell = cell::compartmental(run.experiment.plan.cell);
  if (cell == nullptr) {
    std::filesystem::remove(file);  // of another neuron, earlier in this folder
    return;
  }
  const auto interpretation_text = files::read_file(run.folder / "interpretation.json");
  const auto metrics = read_run_json(run.folder / "metrics.json");
  const auto found = metrics.find("spike.threshold");
  const double threshold = found != metrics.end() && found->is_number() ? found->get<double>() : NAN;
  const StageInputs inputs{{{"algorithms.report", fmt::to_string(report::kReportVersion)},
                            {"spike.threshold", fmt::to_string(threshold)}},
                           run.contents({kTwinFile, "dataset/test", "interpretation.json"})};
  if (run.done_before("neuron", inputs, {"neuron.json"})) return;
  const double start = seconds_now();
  std::vector<report::NeuronQuantity> quantities;
  Json trial, live;
  if (std::filesystem::exists(run.twin_path())) {
    auto twin = run.trained_twin();
    live = report::live_twin_json(twin);
    if (auto weights = interpret::synapse_weights(twin); !weights.empty())
      quantities.push_back(
          {"first-layer weight", "sum of |w|", report::NeuronQuantity::Per::synapse, weights});
    if (std::filesystem::exists(dataset::shard_path(run.dataset, "test", 0))) {
      auto plan = run.experiment.plan;
      plan.data.labels = {};  // shown as simulated, whatever the twin was trained on
      const auto test = produce::open_split(plan, run.dataset, produce::splits_of(plan.data)[2]);
      trial = played_trial_json(
          evaluate::played_trial(twin, threshold, test, plan.cell, plan.simulation, run.watcher));
    }
  }
  const auto interpretation = run.folder / "interpretation.json";
  auto neuron = files::using_json(interpretation, [&] {
    return report::neuron_json(*cell, quantities, files::parse_json(interpretation_text, interpretation));
  });
  neuron["trial"] = std::move(trial);
  neuron["twin"] = std::move(live);
  files::write_file_atomically(file, neuron.dump() + "\n");
  run.finish("neuron", inputs, {"neuron.json"}, seconds_now() - start);
}

/// The networks that somebody published for this neuron, as far as the experiment names them.
Json published_json(const Experiment& experiment) {
  auto json = Json::array();
  if (!experiment.search) return json;
  for (const auto& network : experiment.search->published)
    json.push_back({{"name", network.name}, {"scores", {{"spike.auc", network.auc}}}});
  return json;
}

Json run_json(const RunFolder& run) {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  char finished[32];
  std::strftime(finished, sizeof finished, "%Y-%m-%d %H:%M UTC", &utc);
  const auto seconds = [&](int64_t trials) {
    return static_cast<double>(trials * run.experiment.plan.data.trial_ms) / 1000;
  };
  return {{"title", run.experiment.title},
          {"command", run.log().word("command")},
          {"version", NEURONTWIN_VERSION},
          {"seed", run.experiment.seed},
          {"profile", run.log().word("profile")},
          {"finished", finished},
          {"machine", machine_words()},
          {"cell", words_for(run.experiment.plan.cell)},
          {"data", fmt::format("{} to train, {} to validate, {} to test",
                               hours(seconds(run.experiment.plan.data.train_trials)),
                               hours(seconds(run.experiment.plan.data.valid_trials)),
                               hours(seconds(run.experiment.plan.data.test_trials)))},
          {"twin", run.experiment.twin.network->words()},
          {"published", published_json(run.experiment)}};
}

}  // namespace

void report_stage(RunFolder& run) {
  for (const auto* name : {"metrics.json", "curves.json", "learning.json", "interpretation.json"}) {
    if (!std::filesystem::exists(run.folder / name)) {
      fail_input("{}: is missing; run the stages before the report first, or 'neurontwin run'",
                 (run.folder / name).string());
    }
  }
  run.require_same_experiment({"simulate", "train", "evaluate", "interpret"});
  run.require_results("train", {}, {kTwinFile, "learning.json"});
  run.require_results("evaluate", {kTwinFile}, {"metrics.json", "curves.json"});
  run.require_results("interpret", {kTwinFile}, {"interpretation.json"});
  run.remember_experiment();
  make_neuron_json(run);
  const bool with_search = search_is_ours(run);
  StageInputs inputs{page_settings(run), {}};
  for (const auto* name : {"experiment.toml", "metrics.json", "curves.json", "learning.json",
                           "interpretation.json", "neuron.json"})
    inputs.files[name] = run.content(name);
  inputs.files["search.json"] = with_search ? run.content("search.json") : "";
  if (run.done_before("report", inputs, {"run.json", "report.html"}))
    return run.watcher.note("report: done before");
  const double start = seconds_now();
  files::write_file_atomically(run.folder / "run.json",
                               run_json(run).dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
  files::write_file_atomically(run.folder / "report.html", report::make_report(run.folder, with_search));
  run.finish("report", inputs, {"run.json", "report.html"}, seconds_now() - start);
}

}  // namespace nt::run
