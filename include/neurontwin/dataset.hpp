#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "neurontwin/simulate.hpp"

/// Trials on disk: a folder of HDF5 shards (docs/files.md, "A data set file"), with training, validation and
/// test trials.
namespace neurontwin {

/// One trial of a data set, from anywhere.
struct DatasetTrial {
  Input input;  // times are cut to whole ms; two spikes of a synapse in one count as two
  std::vector<float> spike_times_ms;  // ascending, within the trial
  std::vector<float> soma_mV;         // at whole milliseconds from 0
};

/// What a data set holds. A value; trials stay on disk.
struct Dataset {
  std::filesystem::path folder;
  int64_t excitatory_synapses = 0, inhibitory_synapses = 0;
  int64_t duration_ms = 0;  // of each trial
  int64_t train_trials = 0, valid_trials = 0, test_trials = 0;

  int64_t synapses() const { return excitatory_synapses + inhibitory_synapses; }
};

/// A folder with the shards of all three splits, whoever made them. InputError naming the file where one is
/// missing, damaged, or not like the others.
Dataset open_dataset(const std::filesystem::path& folder);

/// A trial of the split "train", "valid" or "test".
DatasetTrial read_trial(const Dataset& dataset, const std::string& split, int64_t trial);

/// Trials from elsewhere: recordings, another simulator.
struct GivenTrials {
  int64_t excitatory_synapses = 0, inhibitory_synapses = 0;
  int64_t duration_ms = 0;
  std::span<const DatasetTrial> train = {}, valid = {}, test = {};
  std::string source = {};  // where they come from, in words; kept in the files
};
/// Writes them as a data set into a folder that holds none. InputError naming split and trial where a trial
/// has another length, a spike outside, a synapse that is not there, or a voltage that is no number or that
/// no membrane has (in volts, say).
Dataset write_dataset(const GivenTrials& trials, const std::filesystem::path& folder);

/// How much is simulated, and how.
struct MakeDatasetOptions {
  int64_t trial_ms = 6000;
  int64_t train_trials = 256, valid_trials = 16, test_trials = 32;
  int64_t trials_per_shard = 128;
  uint64_t seed = 1;
  double dt_ms = 0.05;
  int threads = 0;  // 0: one for each core
  Watcher watcher = {};
  std::string device = "cpu";  // that simulates: "cpu" or "cuda" (docs/gpu.md)
};
/// Simulates what is missing of a data set in `folder`. A trial is a pure function of neuron, input model,
/// seed and number. InputError where the folder holds data of another neuron or input, or the device is none
/// or cannot simulate the neuron.
Dataset make_dataset(const Neuron& neuron, const InputModel& inputs, const std::filesystem::path& folder,
                     const MakeDatasetOptions& options = {});

}  // namespace neurontwin
