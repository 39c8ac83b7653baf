#include "run/identity.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "evaluate/evaluate.hpp"
#include "files/files.hpp"
#include "interpret/interpret.hpp"
#include "mechanism/catalogue.hpp"
#include "mechanism/mod_file_version.hpp"
#include "produce/signal_sources.hpp"
#include "search/search.hpp"
#include "simulate/simulation.hpp"
#include "train/train.hpp"
#include "twin/network.hpp"

namespace nt::run {
namespace {

using Keys = std::initializer_list<std::string_view>;

std::string content_of(const std::filesystem::path& file) {
  const auto content = fmt::format("content {}", files::digest(files::read_file(file)));
  const auto read_by = [&](int rules) { return fmt::format("{}, read by rules {}", content, rules); };
  if (file.extension() == ".swc") return read_by(morphology::kSwcVersion);
  if (file.extension() == ".asc") return read_by(morphology::kAscVersion);
  return content;
}

std::string text_of(const config::Settings& table, std::string_view name, Keys left_out = {}) {
  return table.determining(name, std::span(left_out.begin(), left_out.size()), content_of);
}

config::ValuesByKey values_of(const config::Settings& table, std::string_view name, Keys left_out = {}) {
  return config::values_by_key(text_of(table, name, left_out));
}

void add(config::ValuesByKey& to, const config::ValuesByKey& values) {
  to.insert(values.begin(), values.end());
}

std::string algorithm(std::string_view name, int version) {
  return fmt::format("{} = {}\n", name, version);
}

config::ValuesByKey algorithms(std::initializer_list<std::pair<std::string_view, int>> versions) {
  std::string text = "[algorithms]\n";
  for (const auto& [name, version] : versions) text += algorithm(name, version);
  return config::values_by_key(text);
}

/// The mechanisms that came with the program, by their text.
std::string catalogue_text(const cell::Neuron& neuron) {
  const auto* cell = cell::compartmental(neuron);
  if (cell == nullptr) return "";
  std::set<std::string> used;
  for (const auto& placement : cell->placements) used.insert(placement.mechanism().name);
  std::string text = "\n[catalogue]\n";
  for (const auto& entry : mechanism::catalogue()) {
    if (used.contains(std::string(entry.name)))
      text += fmt::format("{} = 'content {}'\n", entry.name, files::digest(entry.text));
  }
  const bool brings_its_own =
      std::any_of(cell->placements.begin(), cell->placements.end(),
                  [](const cell::Placement& placement) { return placement.loaded->name.ends_with(".mod"); });
  if (brings_its_own) text += fmt::format("'how .mod files are read' = {}\n", mechanism::kModFileVersion);
  const bool draws =
      std::any_of(cell->placements.begin(), cell->placements.end(),
                  [](const cell::Placement& placement) { return !placement.mechanism().generators.empty(); });
  if (draws) text += fmt::format("'how random numbers are drawn' = {}\n", random::kDrawVersion);
  return text;
}

std::string digest_of(const config::ValuesByKey& values, const Contents& contents) {
  std::string text;
  for (const auto* part : {&values, &contents})
    for (const auto& [key, value] : *part) text += fmt::format("{} = {}\n", key, value);
  return files::digest(text);
}

void add_dataset(config::ValuesByKey& to, const dataset::DatasetIdentity& dataset) {
  add(to, {{"neuron", dataset.neuron}, {"recipe", dataset.recipe}});
}

}  // namespace

dataset::DatasetIdentity dataset_identity(const produce::DatasetPlan& plan, const ExperimentTables& tables) {
  const auto* detailed = cell::compartmental(plan.cell);
  const auto neuron_algorithms = algorithm("cell", cell::kCellVersion) +
                                 algorithm("mechanism", mechanism::kMechanismVersion) +
                                 algorithm("morphology", morphology::kMorphologyVersion);
  const auto neuron = text_of(tables.cell, "cell") + catalogue_text(plan.cell);
  const auto recipe_algorithms =
      algorithm("simulate", simulate::kSimulateVersion) + algorithm("stimulus", stimulus::kStimulusVersion);
  auto head = fmt::format("seed = {}\ntrial_ms = {}\n", plan.seed, plan.data.trial_ms);
  head += produce::signals_configuration(plan);
  auto recipe = fmt::format("\n{}", text_of(tables.stimulus, "stimulus"));
  if (detailed != nullptr) recipe += fmt::format("\n{}", text_of(tables.simulation, "simulation"));
  return {
      cell::excitatory_synapses(plan.cell),
      cell::inhibitory_synapses(plan.cell),
      plan.data.trial_ms,
      plan.seed,
      fmt::format("{}\n[algorithms]\n{}{}\n{}{}", head, neuron_algorithms, recipe_algorithms, neuron, recipe),
      produce::signals_of(plan),
      files::digest(neuron_algorithms + neuron),
      files::digest(head + recipe_algorithms + recipe)};
}

const config::ValuesByKey& settings_of(const StageSettings& settings, std::string_view stage) {
  if (stage == "simulate") return settings.simulate;
  if (stage == "train") return settings.train;
  return stage == "evaluate" ? settings.evaluate : settings.interpret;
}

StageSettings stage_settings(const produce::DatasetPlan& plan, const ExperimentTables& tables, bool probes) {
  StageSettings settings;
  settings.simulate = config::values_by_key(dataset_identity(plan, tables).configuration);
  // How outputs are handed to training; the data set holds them as they were simulated.
  add(settings.simulate, values_of(tables.data, "data", {"labels", "soma_ceiling_mV"}));

  const config::ValuesByKey seed{{"seed", fmt::to_string(plan.seed)}};
  auto& train = settings.train;
  train = seed;
  add(train, values_of(tables.twin, "twin"));
  add(train, values_of(tables.train, "train", {"checkpoint_every_s"}));
  add(train, algorithms({{"train", train::kTrainVersion}, {"twin", twin::kTwinVersion}}));
  add(train, {{"data.labels", plan.data.labels.published ? "'published'" : "'exact'"},
              {"data.soma_ceiling_mV", fmt::to_string(plan.data.labels.soma_ceiling_mV)},
              {"data.train_trials", fmt::to_string(plan.data.train_trials)},
              {"data.valid_trials", fmt::to_string(plan.data.valid_trials)},
              // Once where it was trained; wherever that is, it is the same training to rounding.
              {"device", "cpu"}});

  settings.evaluate = train;  // baselines are trained, too
  add(settings.evaluate, values_of(tables.evaluate, "evaluate"));
  add(settings.evaluate,
      algorithms({{"evaluate", evaluate::kEvaluateVersion}, {"twin", twin::kTwinVersion}}));

  settings.interpret = seed;
  add(settings.interpret, values_of(tables.interpret, "interpret"));
  add(settings.interpret,
      algorithms({{"interpret", interpret::kInterpretVersion}, {"twin", twin::kTwinVersion}}));

  if (tables.search) {
    const auto of_all = [&](Keys left_out) {
      auto values = train;
      values.erase("train.epochs");
      add(values, values_of(*tables.search, "search", left_out));
      add(values, algorithms({{"search", search::kSearchVersion}}));
      const auto skip = settings.evaluate.find("evaluate.skip_ms");
      if (skip != settings.evaluate.end()) values.insert(*skip);
      return values;
    };
    settings.search = of_all({});
    settings.search_trial =
        of_all({"criterion", "size", "measure", "epsilon", "confidence", "target_auc",
                "target_variance_explained", "resamples", "budget_samples_h", "budget_minutes", "trials",
                "quiet_rungs", "published", "trainings", "generalise"});
    if (probes) settings.search_trial["search.probe"] = "true";
  }
  return settings;
}

std::string training_identity(const StageSettings& settings, const dataset::DatasetIdentity& dataset,
                              const Contents& data, bool of_its_epochs) {
  auto values = settings.train;
  if (!of_its_epochs) values.erase("train.epochs");
  add_dataset(values, dataset);
  return digest_of(values, data);
}

std::string search_identity(const StageSettings& settings, const dataset::DatasetIdentity& dataset,
                            const Contents& data) {
  auto values = settings.search_trial;
  add_dataset(values, dataset);
  return digest_of(values, data);
}

}  // namespace nt::run
