#include "neurontwin/train.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "config/message_of.hpp"
#include "config/settings.hpp"
#include "config/temporary_folder.hpp"
#include "dataset/split.hpp"
#include "neurontwin/evaluate.hpp"
#include "run/project_folder.hpp"

namespace neurontwin {
namespace {

using nt::config::message_of;
using nt::config::own_temporary_folder;

constexpr int64_t kDuration_ms = 800;

/// A leaky neuron of four excitatory and one inhibitory synapse.
DatasetTrial leaky_trial(std::mt19937& random) {
  DatasetTrial trial;
  double v_mV = -70;
  for (int64_t ms = 0; ms < kDuration_ms; ++ms) {
    v_mV = -70 + (v_mV + 70) * std::exp(-1.0 / 15);
    for (uint32_t synapse = 0; synapse < 5; ++synapse) {
      if (random() % 20 != 0) continue;
      trial.input.time_ms.push_back(static_cast<double>(ms));
      trial.input.synapse.push_back(synapse);
      v_mV += synapse < 4 ? 6 : -6;
    }
    if (v_mV > -55) {
      trial.spike_times_ms.push_back(static_cast<float>(ms));
      v_mV = -70;
    }
    trial.soma_mV.push_back(static_cast<float>(v_mV));
  }
  return trial;
}

std::vector<DatasetTrial> leaky_trials(int count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<DatasetTrial> trials;
  for (int i = 0; i < count; ++i) trials.push_back(leaky_trial(random));
  return trials;
}

/// What can be given away as a data set, and changed before.
struct Given {
  std::vector<DatasetTrial> train = leaky_trials(24, 1), valid = leaky_trials(8, 2),
                            test = leaky_trials(8, 3);

  Dataset write(const std::string& name) const {
    return write_dataset({.excitatory_synapses = 4,
                          .inhibitory_synapses = 1,
                          .duration_ms = kDuration_ms,
                          .train = train,
                          .valid = valid,
                          .test = test},
                         own_temporary_folder() / name);
  }
};

/// A short training.
TrainOptions training(int epochs, int steps) {
  return {.settings = fmt::format("[twin]\nmemory_units = 4\nbranches = 2\n[train]\nepochs = {}\n"
                                  "steps_per_epoch = {}\nwindow_ms = 200\n",
                                  epochs, steps),
          .threads = 1};
}
const TrainOptions kShort = training(2, 60);

TEST(FrontDoor, TrialsFromElsewhereAreReadBackAsTheyWere) {
  const Given given;
  const auto data = given.write("read-back");
  EXPECT_EQ(data.synapses(), 5);
  EXPECT_EQ(data.train_trials, 24);
  for (const auto& [name, trials] : {std::pair{"train", &given.train}, {"test", &given.test}}) {
    const auto read = read_trial(data, name, 5);
    const auto& was = (*trials)[5];
    EXPECT_EQ(read.soma_mV, was.soma_mV);
    EXPECT_EQ(read.spike_times_ms, was.spike_times_ms);
    EXPECT_EQ(read.input.time_ms.size(), was.input.time_ms.size());
  }
  EXPECT_EQ(open_dataset(data.folder).valid_trials, 8);
}

TEST(FrontDoor, WhereTrialsComeFromMayBeSaidInAnyWords) {
  const Given given;
  const auto folder = own_temporary_folder() / "words";
  const std::string source = "a \"rig\" of '''ours\n[twin]\n\xff";
  write_dataset({4, 1, kDuration_ms, given.train, given.valid, given.test, source}, folder);
  const auto identity = nt::dataset::Split::open(folder, "train").identity();
  const auto read = nt::config::Settings::from_text(identity.configuration).text("source");
  EXPECT_EQ(read.substr(0, 25), source.substr(0, 25));
}

TEST(FrontDoor, RefusesTrialsThatNoNeuronLeaves) {
  const auto refusal = [](auto&& change) {
    Given given;
    change(given.valid[3]);
    return message_of([&] { given.write("refused"); });
  };
  EXPECT_NE(
      refusal([](auto& t) { t.soma_mV[7] = NAN; }).find("valid trial 3: the somatic voltage at 7 ms is nan"),
      std::string::npos);
  EXPECT_NE(refusal([](auto& t) { t.soma_mV.pop_back(); }).find("valid trial 3: has 799 somatic voltages"),
            std::string::npos);
  EXPECT_NE(refusal([](auto& t) { t.input.synapse[0] = 5; }).find("is of synapse 5, expected 0 to 4"),
            std::string::npos);
  EXPECT_NE(refusal([](auto& t) { t.input.time_ms[0] = 800; }).find("is at 800 ms, expected below 800 ms"),
            std::string::npos);
  EXPECT_NE(refusal([](auto& t) {
              t.spike_times_ms = {5, 4};
            }).find("comes before the one before it"),
            std::string::npos);
  // Nothing was left half written.
  EXPECT_FALSE(std::filesystem::exists(own_temporary_folder() / "refused/train-0000.h5"));
  const Given given;
  given.write("twice");
  EXPECT_NE(message_of([&] { given.write("twice"); }).find("holds a data set"), std::string::npos);
}

TEST(FrontDoor, ATwinLearnsFromTrialsOfWhichNoCellIsKnown) {
  const auto data = Given().write("learned");
  const auto trained = train(data, training(3, 400));
  EXPECT_EQ(trained.epochs.size(), 3u);
  EXPECT_LT(trained.epochs[2].valid_loss, trained.epochs[0].valid_loss);
  EXPECT_TRUE(describe(trained.twin).spike_threshold.has_value());
  const auto scores = evaluate(trained.twin, data, {.settings = "bootstrap_resamples = 20", .threads = 1});
  ASSERT_NE(scores.find("spike.auc"), nullptr);
  EXPECT_GT(scores.value("spike.auc"), 0.8);  // chance is 0.5
  EXPECT_LE(scores.find("spike.auc")->low, scores.value("spike.auc"));
  EXPECT_EQ(scores.find("nothing"), nullptr);
  EXPECT_TRUE(std::isnan(scores.value("nothing")));
}

TEST(FrontDoor, TrainingIsTheSameOnAnyNumberOfThreads) {
  const auto data = Given().write("threads");
  auto one = kShort, two = kShort;
  one.threads = 1;
  two.threads = 2;
  EXPECT_EQ(describe(train(data, one).twin).arrays[0].values,
            describe(train(data, two).twin).arrays[0].values);
}

TEST(FrontDoor, ASavedTwinAnswersAsBefore) {
  const auto data = Given().write("saved");
  const auto twin = train(data, kShort).twin;
  const auto file = own_temporary_folder() / "twin.safetensors";
  save_twin(twin, file);
  const auto loaded = load_twin(file);
  const std::vector<Input> inputs{read_trial(data, "test", 0).input, read_trial(data, "test", 1).input};
  const auto before = predict(twin, inputs, kDuration_ms), after = predict(loaded, inputs, kDuration_ms);
  EXPECT_EQ(before[1].soma_mV, after[1].soma_mV);
  EXPECT_EQ(before[1].spike_probability, after[1].spike_probability);
  EXPECT_EQ(describe(loaded).spike_threshold, describe(twin).spike_threshold);
}

TEST(FrontDoor, AStreamAnswersAsToAWholeTrialAndGoesOnFromAState) {
  const auto data = Given().write("streamed");
  const auto twin = train(data, kShort).twin;
  const auto input = read_trial(data, "test", 2).input;
  const auto whole = predict(twin, std::span(&input, 1), kDuration_ms)[0];
  Stream stream(twin, 2);
  std::vector<float> mV;
  for (int64_t from = 0; from < kDuration_ms; from += 100) {
    std::vector<Stream::Spike> spikes;
    for (size_t k = 0; k < input.time_ms.size(); ++k) {
      const auto ms = static_cast<int64_t>(input.time_ms[k]) - from;
      if (ms >= 0 && ms < 100)
        spikes.push_back({1, static_cast<int32_t>(input.synapse[k]), static_cast<int32_t>(ms)});
    }
    const auto answer = stream.advance(spikes, 100).soma_mV.subspan(100);
    mV.insert(mV.end(), answer.begin(), answer.end());
    // The neuron beside it takes over what this one remembers, and goes on as this one.
    stream.set_state(0, stream.state(1));
  }
  for (size_t ms = 0; ms < mV.size(); ++ms) EXPECT_NEAR(mV[ms], whole.soma_mV[ms], 1e-3) << ms;
  const auto silent = stream.advance({}, 10);
  for (size_t ms = 0; ms < 10; ++ms) EXPECT_EQ(silent.soma_mV[ms], silent.soma_mV[10 + ms]);
  EXPECT_THROW(stream.set_state(0, std::vector<float>{1}), InputError);
  EXPECT_THROW(stream.set_state(0, std::vector<float>(stream.state(0).size(), NAN)), InputError);
  EXPECT_THROW(stream.state(2), InputError);
  const std::vector<Stream::Spike> late{{0, 0, 10}};
  EXPECT_THROW(stream.advance(late, 10), InputError);
  const Stream moved(std::move(stream));
  EXPECT_THROW(stream.state(0), InputError);
}

TEST(FrontDoor, WhatHoldsNothingSaysSo) {
  EXPECT_NE(message_of([] { Neuron(nullptr).synapses(); }).find("this neuron is empty"), std::string::npos);
  EXPECT_NE(message_of([] { Twin(nullptr).parameters(); }).find("this twin is empty"), std::string::npos);
}

TEST(FrontDoor, PredictingAndDrawingStopWhereTheTokenSaysSo) {
  const auto data = Given().write("stopped-prediction");
  const auto twin = train(data, kShort).twin;
  const auto input = read_trial(data, "test", 0).input;
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW(predict(twin, std::span(&input, 1), kDuration_ms, 1, source.get_token()), RunError);
  const auto model = random_rates(read_neuron(nt::run::project_folder() / "cells/if.toml"));
  EXPECT_THROW(draw_inputs(model, 1, 0, 1, 100, source.get_token()), RunError);
  EXPECT_THROW(draw_inputs(model, 1, 0, 1, int64_t{1} << 40), InputError);
}

TEST(FrontDoor, AStoppedTrainingKeepsItsCheckpointAndGoesOn) {
  const auto data = Given().write("stopped");
  auto options = kShort;
  options.folder = own_temporary_folder() / "checkpoints";
  std::stop_source source;
  options.watcher.stop = source.get_token();
  options.watcher.progress = [&](const Progress& p) {
    if (p.done > 70) source.request_stop();
  };
  EXPECT_THROW(train(data, options), RunError);
  EXPECT_TRUE(std::filesystem::exists(options.folder / "last.safetensors"));
  options.watcher = {};
  EXPECT_EQ(describe(train(data, options).twin).arrays[0].values,
            describe(train(data, kShort).twin).arrays[0].values);
}

TEST(FrontDoor, RefusesSettingsThatNothingReads) {
  const auto data = Given().write("settings");
  EXPECT_NE(message_of([&] { train(data, {.settings = "[twin]\nunits = 4\n"}); }).find("'twin.units'"),
            std::string::npos);
  EXPECT_NE(message_of([&] { train(data, {.settings = "[train]\nwindow_ms = 900\n"}); }).find("does not fit"),
            std::string::npos);
}

TEST(FrontDoor, ADataSetHoldsWhatSimulatingTheDrawnInputLeaves) {
  const auto neuron = read_neuron(nt::run::project_folder() / "cells/if.toml");
  const auto model = random_rates(neuron);
  const auto data =
      make_dataset(neuron, model, own_temporary_folder() / "made",
                   {.trial_ms = 300, .train_trials = 3, .valid_trials = 1, .test_trials = 1, .seed = 7});
  EXPECT_EQ(data.train_trials, 3);
  const auto inputs = draw_inputs(model, 7, 0, 3, 300);
  const auto trials = simulate(neuron, inputs, 300);
  for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(read_trial(data, "train", i).soma_mV, trials[i].soma_mV) << i;
}

}  // namespace
}  // namespace neurontwin
