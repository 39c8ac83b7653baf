#pragma once
#include <optional>

#include "config/settings.hpp"
#include "produce/plan.hpp"
#include "run/stage_log.hpp"

namespace nt::run {

/// The tables of an experiment file, all of their keys read.
struct ExperimentTables {
  config::Settings cell, stimulus, simulation, data, twin, train, evaluate, interpret;
  std::optional<config::Settings> search;
};

/// What determines each stage's results, beside the files that stages before it wrote: every key that was
/// read but the few that change nothing, files by their content, and the versions of the algorithms. A new
/// key counts unless it is left out by name.
struct StageSettings {
  config::ValuesByKey simulate, train, evaluate, interpret;
  config::ValuesByKey search;        // search.json
  config::ValuesByKey search_trial;  // one training of the search, whatever is asked of all of them
};
/// Those of a stage by its name; a stage without any, the report, is the interpretation's.
const config::ValuesByKey& settings_of(const StageSettings& settings, std::string_view stage);

/// `probes`: the search's criterion lays its space down.
StageSettings stage_settings(const produce::DatasetPlan& plan, const ExperimentTables& tables, bool probes);

/// What a data set's shards are known by. The configuration is TOML text.
dataset::DatasetIdentity dataset_identity(const produce::DatasetPlan& plan, const ExperimentTables& tables);

/// The name of a training: checkpoints carry it, and are no one else's. It leaves out the number of epochs:
/// more of them are the same training going on, unless the learning rates depend on it (`of_its_epochs`).
/// `data`: what it is trained and judged on.
std::string training_identity(const StageSettings& settings, const dataset::DatasetIdentity& dataset,
                              const Contents& data, bool of_its_epochs = false);
/// The same of a search.
std::string search_identity(const StageSettings& settings, const dataset::DatasetIdentity& dataset,
                            const Contents& data);

}  // namespace nt::run
