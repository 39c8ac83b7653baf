#include "produce/plan.hpp"

#include "files/files.hpp"

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
  data.labels = dataset::read_labels(settings);
  return data;
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
