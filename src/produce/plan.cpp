#include "produce/plan.hpp"

#include <algorithm>

#include "files/files.hpp"
#include "simulate/quantity.hpp"

namespace nt::produce {

DataSpec read_data(const config::Settings& settings) {
  DataSpec data;
  data.trial_ms = settings.integer("trial_ms", 6000, {2, 1e7});
  data.train_trials = settings.integer("train_trials", {}, {1, 1e9});
  data.valid_trials = settings.integer("valid_trials", {}, {1, 1e9});
  data.test_trials = settings.integer("test_trials", {}, {1, 1e9});
  data.trials_per_shard = settings.integer("trials_per_shard", 128, {1, 1e6});
  data.dendritic_components = settings.integer("dendritic_components", 0, {0, 1e4});
  data.dendritic_fit_trials = settings.integer("dendritic_fit_trials", 64, {1, 128});
  if (settings.has("targets")) {
    data.targets = settings.texts("targets");
    data.target_fit_trials = settings.integer("target_fit_trials", data.target_fit_trials, {1, 128});
  }
  data.labels = dataset::read_labels(settings);
  return data;
}

void check_targets(const config::Settings& data, const DatasetPlan& plan) {
  const auto& names = plan.data.targets;
  if (names.empty()) return;
  const auto refuse = [&](const std::string& what) {
    fail_input("{}: '{}' {}", data.where("targets"), data.full_key("targets"), what);
  };
  const auto* cell = cell::compartmental(plan.cell);
  if (cell == nullptr) refuse("asks for what is inside, but a point neuron has nothing but its voltage");
  for (const auto& name : names) {
    if (std::ranges::count(names, name) > 1) refuse(fmt::format("names {} twice", name));
    try {
      simulate::quantity_named(*cell, name);
    } catch (const InputError& error) {
      refuse(fmt::format("has a name that means nothing here: {}", error.what()));
    }
  }
}

std::array<SplitPlan, 3> splits_of(const DataSpec& data) {
  return {SplitPlan{"train", random::Stage::stimulus_train, data.train_trials, {}, "", true},
          SplitPlan{"valid", random::Stage::stimulus_valid, data.valid_trials, {}, "", true},
          SplitPlan{"test", random::Stage::stimulus_test, data.test_trials}};
}

dataset::SplitFiles files_of(const DatasetPlan& plan, const SplitPlan& split) {
  auto identity = plan.identity;
  identity.configuration += split.configuration;
  if (!split.configuration.empty()) identity.recipe = files::digest(identity.recipe + split.configuration);
  return {split.name, std::move(identity), plan.data.labels, split.trials, plan.data.trials_per_shard};
}

dataset::Split open_split(const DatasetPlan& plan, const std::filesystem::path& folder,
                          const SplitPlan& split) {
  return dataset::Split::open(files_of(plan, split), folder);
}

dataset::Split open_split(const DatasetPlan& plan, const std::filesystem::path& folder,
                          const std::string& name) {
  for (const auto& split : splits_of(plan.data))
    if (split.name == name) return open_split(plan, folder, split);
  fail_run("no split '{}'", name);
}

}  // namespace nt::produce
