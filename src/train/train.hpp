#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "device/device.hpp"
#include "progress/watcher.hpp"
#include "ranks/ranks.hpp"
#include "train/train_spec.hpp"
#include "train/train_state.hpp"

namespace nt::train {

/// Part of what a result is known by. Raise it when the same data and settings come to other weights.
inline constexpr int kTrainVersion = 2;

/// Training came to a loss that is no finite number.
struct Diverged : RunError {
  using RunError::RunError;
};

/// How a twin is trained, and where what is done of it is kept.
struct Training {
  TrainSpec spec;
  uint64_t seed = 0;
  std::filesystem::path folder;
  /// Names all that determines the result but the number of epochs, so that more epochs go on from where
  /// fewer ended.
  std::string identity;
  Watcher watcher = {};
  std::function<void(const TrainResult&)> after_epoch = {};  // told what the training came to so far
  /// That train together: all call with the same data, and rank 0 alone keeps the folder and knows
  /// `identity`. No more of them than a batch has windows. The weights are those of one rank to rounding, the
  /// same on all.
  std::shared_ptr<const ranks::Ranks> ranks = ranks::alone();
  /// What computes the passes. No part of `identity`: checkpoints of one go on on another, and the weights
  /// are the same to rounding.
  device::Kind device = device::Kind::cpu;
};

/// Trains `twin` and leaves in it the weights of the epoch with the lowest validation loss. Keeps
/// last.safetensors and best.safetensors in the folder, goes on from them after an interruption, and ends
/// with the same weights as if there had been none, on any number of threads. Checkpoints of another identity
/// are put aside. InputError where the device is none, or has no code for the twin's kind. RunError if
/// stopped (a checkpoint is kept) or if the loss is no longer finite.
TrainResult train(twin::Twin& twin, const Training& training, const dataset::Split& train_split,
                  const dataset::Split& valid_split);

/// Trials to train on that may still be being made.
struct GrowingTrials {
  int64_t all = 0;  // in the end
  /// The split with at least its first `trials` trials, once they are there. Asked before each epoch.
  std::function<const dataset::Split&(int64_t trials)> first;
};
/// The same, with the same result as if all trials had been there from the start.
TrainResult train(twin::Twin& twin, const Training& training, const GrowingTrials& trials,
                  const dataset::Split& valid_split);

}  // namespace nt::train
