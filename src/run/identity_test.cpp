#include "run/identity.hpp"

#include <gtest/gtest.h>

#include "config/temporary_folder.hpp"
#include "files/files.hpp"
#include "morphology/morphology.hpp"
#include "run/experiment.hpp"
#include "run/project_folder.hpp"

namespace nt::run {
namespace {

namespace fs = std::filesystem;

/// The experiment of the integrate-and-fire neuron with a search, and something set.
Experiment experiment_with(std::vector<std::string> set) {
  Options options;
  options.experiment = project_folder() / "experiments/if.toml";
  options.set = std::move(set);
  return read_experiment(options);
}

/// The stages whose results a setting determines by itself, not by way of a stage before.
std::string determined_by(const std::string& set) {
  const auto before = experiment_with({}).determines, after = experiment_with({set}).determines;
  std::string stages;
  const auto compare = [&](const char* stage, config::ValuesByKey StageSettings::*settings) {
    if (before.*settings != after.*settings) stages += fmt::format("{}{}", stages.empty() ? "" : " ", stage);
  };
  compare("simulate", &StageSettings::simulate);
  compare("train", &StageSettings::train);
  compare("evaluate", &StageSettings::evaluate);
  compare("interpret", &StageSettings::interpret);
  compare("search", &StageSettings::search);
  compare("search_trial", &StageSettings::search_trial);
  return stages;
}

TEST(Identity, EachSettingCountsForTheStagesThatItDetermines) {
  EXPECT_EQ(determined_by("seed=2"), "simulate train evaluate interpret search search_trial");
  EXPECT_EQ(determined_by("cell.threshold_mV=-50"), "simulate");
  EXPECT_EQ(determined_by("stimulus.interval_jitter_ms=7"), "simulate");
  EXPECT_EQ(determined_by("data.test_trials=7"), "simulate");
  EXPECT_EQ(determined_by("data.trials_per_shard=7"), "simulate");
  EXPECT_EQ(determined_by("data.soma_ceiling_mV=-50"), "train evaluate search search_trial");
  EXPECT_EQ(determined_by("twin.taps=[60]"), "train evaluate search search_trial");
  EXPECT_EQ(determined_by("train.epochs=7"), "train evaluate");
  EXPECT_EQ(determined_by("evaluate.bootstrap_resamples=70"), "evaluate");
  EXPECT_EQ(determined_by("evaluate.skip_ms=7"), "evaluate search search_trial");
  EXPECT_EQ(determined_by("interpret.templates=2"), "interpret");
  EXPECT_EQ(determined_by("search.widths=[2]"), "search search_trial");
  EXPECT_EQ(determined_by("search.epsilon=0.5"), "search");
}

TEST(Identity, WhatChangesNoNumberDoesNotCount) {
  EXPECT_EQ(determined_by("train.checkpoint_every_s=7"), "");
  EXPECT_EQ(determined_by("title=Another title"), "");
}

TEST(Identity, NeuronAndRecipeAreToldApart) {
  const auto identity = [](const char* set) { return experiment_with({set}).plan.identity; };
  const auto here = identity("title=the same");
  const auto other_neuron = identity("cell.threshold_mV=-50");
  EXPECT_NE(other_neuron.neuron, here.neuron);
  EXPECT_EQ(other_neuron.recipe, here.recipe);
  const auto other_recipe = identity("seed=2");
  EXPECT_EQ(other_recipe.neuron, here.neuron);
  EXPECT_NE(other_recipe.recipe, here.recipe);
  EXPECT_EQ(identity("data.train_trials=7").recipe, here.recipe);  // of each trial, not of how many
}

TEST(Identity, OfBroadenedDataHasTheMixtureAndWithoutItSaysNothingOfOne) {
  const auto plain = experiment_with({});
  EXPECT_EQ(plain.plan.identity.configuration.find("breadth"), std::string::npos);
  EXPECT_EQ(plain.resolved.find("breadth"), std::string::npos);
  const auto identity = [](const char* set) {
    return experiment_with({"stimulus.breadth.unchanged=1", set}).plan.identity;
  };
  const auto broad = identity("stimulus.breadth.rates_high=1");
  EXPECT_EQ(broad.neuron, plain.plan.identity.neuron);
  EXPECT_NE(broad.recipe, plain.plan.identity.recipe);
  EXPECT_NE(broad.recipe, identity("stimulus.breadth.rates_high=2").recipe);
  EXPECT_NE(broad.recipe, identity("stimulus.breadth.rates_high_factor=[1,3]").recipe);
  EXPECT_EQ(config::values_by_key(broad.configuration).at("stimulus.breadth.rates_high"), "1.0");
  EXPECT_EQ(determined_by("stimulus.breadth.rates_high=1"), "simulate");
}

TEST(Identity, OfDataWithoutBreadthIsWhatItWasBeforeThereWasAny) {
  // Data sets that were made before are gone on with. Only another number in the algorithms changes this.
  EXPECT_EQ(experiment_with({}).plan.identity.recipe, "5ef8aa59594eeae4a9e3eacb53571707");
}

TEST(Identity, ATrainingIsKnownByItsDataAndGoesOnForMoreEpochs) {
  const Contents data{{"dataset/train", "aa"}, {"dataset/valid", "bb"}};
  const auto name = [&](const char* set, const Contents& trained_on) {
    const auto e = experiment_with({set});
    return training_identity(e.determines, e.plan.identity, trained_on);
  };
  const auto here = name("train.epochs=3", data);
  EXPECT_EQ(name("train.epochs=9", data), here);
  for (const auto* set : {"train.l2=1", "seed=2", "cell.threshold_mV=-50", "stimulus.interval_jitter_ms=7"})
    EXPECT_NE(name(set, data), here) << set;
  EXPECT_NE(name("train.epochs=3", {{"dataset/train", "aa"}, {"dataset/valid", "cc"}}), here);
}

TEST(Identity, OfADetailedCellHasFilesByContentAndShippedMechanismsByText) {
  const auto folder = config::own_temporary_folder() / "identity";
  fs::remove_all(folder);
  fs::create_directories(folder);
  for (const auto* name : {"experiments", "cells"})
    fs::copy(project_folder() / name, folder / name, fs::copy_options::recursive);
  Options options;
  options.experiment = folder / "experiments/ball-and-stick.toml";
  const auto before = read_experiment(options);
  const auto values = config::values_by_key(before.plan.identity.configuration);
  EXPECT_EQ(values.at("cell.morphology"),
            fmt::format("'content {}, read by rules {}'",
                        files::digest(files::read_file(folder / "cells/ball-and-stick.swc")),
                        morphology::kSwcVersion));
  EXPECT_TRUE(values.at("catalogue.leak").starts_with("'content "));
  EXPECT_TRUE(values.contains("catalogue.DoubleExp"));
  EXPECT_FALSE(values.contains("catalogue.NaTs2_t"));  // not in this cell

  fs::rename(folder / "cells/ball-and-stick.swc", folder / "cells/moved.swc");
  options.set = {fmt::format("cell.morphology={}", (folder / "cells/moved.swc").string())};
  EXPECT_EQ(read_experiment(options).plan.identity.neuron, before.plan.identity.neuron);
  files::write_file_atomically(folder / "cells/moved.swc",
                               files::read_file(folder / "cells/moved.swc") + "# more\n");
  const auto after = read_experiment(options);
  EXPECT_NE(after.plan.identity.neuron, before.plan.identity.neuron);
  EXPECT_NE(after.determines.simulate, before.determines.simulate);
}

}  // namespace
}  // namespace nt::run
