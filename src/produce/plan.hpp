#pragma once
#include <array>
#include <filesystem>
#include <string>

#include "cell/neuron.hpp"
#include "dataset/split.hpp"
#include "simulate/simulation.hpp"
#include "stimulus/breadth.hpp"
#include "stimulus/shifted.hpp"

namespace nt::produce {

/// How much is simulated. Reads [data].
struct DataSpec {
  int64_t trial_ms = 6000;
  int64_t train_trials = 0;
  int64_t valid_trials = 0;
  int64_t test_trials = 0;
  int64_t trials_per_shard = 128;
  /// Principal components of the dendrites' voltages to record, fitted on the first trials of the training
  /// stream; 0: none.
  int64_t dendritic_components = 0;
  int64_t dendritic_fit_trials = 64;
  /// What else of a detailed neuron is recorded as targets, PLACE.WHAT (simulate/quantity.hpp), in standard
  /// deviations that are fitted on the first trials of the training stream.
  std::vector<std::string> targets = {};
  int64_t target_fit_trials = 16;
  dataset::Labels labels = {};
};
DataSpec read_data(const config::Settings& settings);

/// Training, validation and test trials come from streams of their own, and so do those of each other input
/// distribution.
struct SplitPlan {
  std::string name;  // "train", "valid", "test", "ood-synchrony"
  random::Stage stage;
  int64_t trials;
  stimulus::StimulusShift shift = {};  // how the input is other than in training
  std::string configuration = {};      // beside the plan's: all that determines the shift, as TOML text
  bool takes_breadth = false;          // draws from the plan's mixture, where it has one, not from `shift`
};
/// In this order: train, valid, test. The first two take the plan's breadth.
std::array<SplitPlan, 3> splits_of(const DataSpec& data);

/// Everything that determines a data set.
struct DatasetPlan {
  cell::Neuron cell;
  simulate::SimulationSpec simulation;  // of a detailed neuron
  stimulus::RandomRates stimulus;
  stimulus::Breadth breadth;  // of training and validation trials
  DataSpec data;
  uint64_t seed = 0;
  dataset::DatasetIdentity identity;
};

/// InputError where [data] asks for a target that the plan's neuron does not have.
void check_targets(const config::Settings& data, const DatasetPlan& plan);

/// What a split's shards are known by, and how many there are.
dataset::SplitFiles files_of(const DatasetPlan& plan, const SplitPlan& split);

/// Opens the shards of a split of the plan. InputError where one is missing, damaged, or made by another
/// configuration.
dataset::Split open_split(const DatasetPlan& plan, const std::filesystem::path& folder,
                          const SplitPlan& split);
/// The same of one of its three: "train", "valid" or "test".
dataset::Split open_split(const DatasetPlan& plan, const std::filesystem::path& folder,
                          const std::string& split);

}  // namespace nt::produce
