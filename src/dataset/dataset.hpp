#pragma once
#include <array>
#include <atomic>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "cell/neuron.hpp"
#include "dataset/labels.hpp"
#include "dataset/shard.hpp"
#include "dataset/synapse_clusters.hpp"
#include "progress/progress.hpp"
#include "simulate/simulation.hpp"
#include "stimulus/breadth.hpp"
#include "stimulus/shifted.hpp"

namespace neurontwin {

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
  Labels labels = {};
};
DataSpec read_data(const Settings& settings);

/// Training, validation and test trials come from streams of their own, and so do those of each other input
/// distribution.
struct SplitPlan {
  std::string name;  // "train", "valid", "test", "ood-synchrony"
  Stage stage;
  int64_t trials;
  StimulusShift shift = {};        // how the input is other than in training
  std::string configuration = {};  // beside the plan's: all that determines the shift, as TOML text
  bool takes_breadth = false;      // draws from the plan's mixture, where it has one, not from `shift`
};
/// In this order: train, valid, test. The first two take the plan's breadth.
std::array<SplitPlan, 3> splits_of(const DataSpec& data);

/// Everything that determines a data set.
struct DatasetPlan {
  Neuron cell;
  SimulationSpec simulation;  // of a detailed neuron
  RandomRates stimulus;
  Breadth breadth;  // of training and validation trials
  DataSpec data;
  uint64_t seed = 0;
  DatasetIdentity identity;
};

std::filesystem::path shard_path(const std::filesystem::path& folder, const std::string& split,
                                 size_t number);

/// Where the basis of the dendritic components lies.
std::filesystem::path dendritic_basis_path(const std::filesystem::path& folder);

/// Makes room for the data set of `plan` in `folder`. One of the same settings that an older program made, or
/// from files of other content or by algorithms of another version, is put aside as FOLDER-before-N; the
/// words returned say that and why, and are empty if nothing was in the way. InputError where the shards
/// there are of other settings, or were not all made from one neuron and recipe: they are never mixed.
std::string put_outdated_aside(const DatasetPlan& plan, const std::filesystem::path& folder);

/// The digest of a split's shards, all of them read; empty if one is missing. InputError where one is damaged
/// or was changed after it was made.
std::string digest_of_split(const DatasetPlan& plan, const std::filesystem::path& folder,
                            const SplitPlan& split, int threads);

/// For whoever uses a data set while it is made.
struct MakingHooks {
  /// Told of every shard once it is whole and in its place, also of those found there. Any thread may call.
  std::function<void(const std::string& split, size_t number)> shard_is_there;
  /// So many of the threads take work, as long as it says so; the others rest. Null: all.
  const std::atomic<int>* threads_at_work = nullptr;
};

/// Simulates what is missing of the data set in `folder`, shard by shard on `threads` threads: the validation
/// split, then training, then test, so that training could start early. A detailed neuron's trials as many
/// side by side as the SIMD unit has lanes. Whole shards that are there already stay, and no more than those
/// being made are held in memory. InputError if a shard there comes from another configuration; RunError if
/// the disk is full or the user stopped it. Returns the number of simulated trials.
int64_t make_dataset(const DatasetPlan& plan, const std::filesystem::path& folder, int threads,
                     const ProgressListener& listener, const MakingHooks& hooks = {});

/// The same of the splits named only, in this order.
int64_t make_splits(const DatasetPlan& plan, std::span<const SplitPlan> splits,
                    const std::filesystem::path& folder, int threads, const ProgressListener& listener,
                    const MakingHooks& hooks = {});

/// Where the clusters of synapses lie.
std::filesystem::path synapse_clusters_path(const std::filesystem::path& folder);

/// The clusters of the data set in `folder`: read, or found and written if they are not there as the spec
/// says. They are fitted on the training stream without the plan's breadth. For a detailed neuron.
SynapseClusters make_synapse_clusters(const DatasetPlan& plan, const ClusterSpec& spec,
                                      const std::filesystem::path& folder, int threads,
                                      const ProgressListener& listener);

/// All trials of one split, as one sequence over its shards. The memory that reading takes is the system's
/// page cache.
class Split {
 public:
  /// Opens the shards of `plan`. InputError where one is missing, damaged, or made by another configuration.
  static Split open(const DatasetPlan& plan, const std::filesystem::path& folder, const SplitPlan& split);
  /// All shards "split-NNNN.h5" of a folder, in order, whatever made them. Outputs are as in the files.
  static Split open(const std::filesystem::path& folder, const std::string& split);
  /// Opens further shards of `plan`, until those with the first `trials` trials are open.
  void grow(const DatasetPlan& plan, const std::filesystem::path& folder, const SplitPlan& split,
            int64_t trials);

  size_t trials() const { return trials_; }
  const DatasetIdentity& identity() const { return shards_.front().identity(); }
  int64_t channels() const { return identity().excitatory_synapses + identity().inhibitory_synapses; }
  int64_t duration_ms() const { return identity().duration_ms; }
  /// InputError that says which signals there are, if there is none of this name.
  const Signal& signal(std::string_view name) const;
  /// Of the content of all shards that are open, in order.
  std::string digest() const;
  /// "train-0002.h5, trial 7 of it": where a trial lies, for messages.
  std::string place_of(size_t index) const;
  /// Outputs have the form that the plan's labels ask for.
  TrialView trial(size_t index) const;
  double seconds() const { return static_cast<double>(trials_) * static_cast<double>(duration_ms()) / 1000; }

 private:
  void append(Shard shard);
  size_t shard_of(size_t index) const;
  Labels labels_;
  std::vector<Shard> shards_;
  std::vector<size_t> first_trial_;  // of each shard
  size_t trials_ = 0;
};

}  // namespace neurontwin
