#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "neurontwin/dataset.hpp"
#include "neurontwin/twin.hpp"

/// Training a twin on a data set.
namespace neurontwin {

struct TrainOptions {
  /// TOML text: the tables [twin] and [train] of an experiment (docs/files.md); what it does not say is as in
  /// the `quick` profile of the layer-5 experiments: a recurrent twin of 20 memory units.
  std::string settings = {};
  uint64_t seed = 1;  // of starting weights and windows
  int threads = 0;    // 0: one for each core. The result does not depend on it
  std::filesystem::path folder =
      {};  // of checkpoints, from which a stopped training goes on; empty: none are kept
  Watcher watcher = {};
  std::string device = "cpu";  // that computes: "cpu" or "cuda" (docs/gpu.md)
};

/// What one pass over the training windows came to. Losses are means per 1 ms bin.
struct Epoch {
  int64_t number = 0;  // from 1
  double train_loss = 0, valid_loss = 0;
  double seconds = 0;  // of computing, so far
};

struct TrainedTwin {
  Twin twin;  // with the weights of the best epoch on the validation trials
  std::vector<Epoch> epochs;
  int64_t best_epoch = 0;
  std::vector<std::string> setbacks;  // where training went bad and was taken back, in words
  double seconds = 0;                 // of computing
};

/// InputError where the settings are wrong, the data hold nothing to learn from, or the device is none or has
/// no code for the kind of twin; RunError where the watcher asks to stop (a checkpoint is kept) or the loss
/// is no longer finite.
TrainedTwin train(const Dataset& dataset, const TrainOptions& options = {});

}  // namespace neurontwin
