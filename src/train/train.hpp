#pragma once
#include <filesystem>
#include <string>

#include "dataset/windows.hpp"
#include "progress/progress.hpp"
#include "train/loss.hpp"
#include "train/train_state.hpp"
#include "twin/network.hpp"

namespace neurontwin {

/// Part of what a result is known by. Raise it when the same data and settings come to other weights.
inline constexpr int kTrainVersion = 1;

/// From this epoch on (counted from 0), these rates and weights hold.
struct SchedulePhase {
  int64_t from_epoch = 0;
  double learning_rate = 1e-4;
  double spike_weight = 1;
  double soma_weight = 0.02;      // per mV^2
  double dendrite_weight = 5e-6;  // counts only where the data has dendritic components
  bool freeze_norm = false;       // batch normalisation at its running averages, as it will be used

  LossWeights weights() const { return {spike_weight, soma_weight, dendrite_weight}; }
};

/// Reads [train].
struct TrainSpec {
  int64_t batch_windows = 8;
  int64_t window_ms = 400;
  int64_t epochs = 1;
  int64_t steps_per_epoch = 100;
  int64_t skip_ms = 0;  // no window touches the first skip_ms of a trial
  bool full_history = true;
  int64_t soma_skips_after_spike_ms = 0;  // see Gathering
  double l2 = 0;                          // on the convolutions' weights, as in the paper
  double clip_gradient = 0;               // longer gradients of all weights together are shortened; 0: none
  Products products = Products::float32;  // of a CUDA device's dense convolutions, in training
  EasierQuestions questions;
  std::vector<SchedulePhase> schedule;
  double checkpoint_every_s = 30;
  int64_t valid_trials = 0;  // of the validation split, the first ones, after each epoch; 0: all
  /// The first epoch draws from so many trials, so that it may begin before the others are simulated; 0: all.
  int64_t starts_with_trials = 0;
  int64_t all_trials_from_epoch = 0;  // counted from 0; until then the number grows evenly

  const SchedulePhase& phase(int64_t epoch) const;
  /// How many of `all` trials, the first ones, an epoch draws from: a matter of the settings alone, not of
  /// how fast they are simulated.
  int64_t trials_in(int64_t epoch, int64_t all) const;
  /// Whether spikes are asked for at any time.
  bool learns_spikes() const;
  bool freezes_norm() const;
};
TrainSpec read_train(const Settings& settings);

/// Training came to a loss that is no finite number.
struct Diverged : RunError {
  using RunError::RunError;
};

/// Trains `twin` and leaves in it the weights of the epoch with the lowest validation loss. Keeps
/// `folder`/last.safetensors and best.safetensors, goes on from them after an interruption, and ends with the
/// same weights as if there had been none. `identity` names all that determines the result but the number of
/// epochs, so that more epochs go on from where fewer ended; checkpoints of another identity are put aside.
/// RunError if stopped (a checkpoint is kept) or if the loss is no longer finite.
TrainResult train(Twin& twin, const TrainSpec& spec, uint64_t seed, const Split& train_split,
                  const Split& valid_split, const std::filesystem::path& folder, const std::string& identity,
                  const ProgressListener& listener);

/// Trials to train on that may still be being made.
struct GrowingTrials {
  int64_t all = 0;  // in the end
  /// The split with at least its first `trials` trials, once they are there. Asked before each epoch.
  std::function<const Split&(int64_t trials)> first;
};
/// The same, with the same result as if all trials had been there from the start.
TrainResult train(Twin& twin, const TrainSpec& spec, uint64_t seed, const GrowingTrials& trials,
                  const Split& valid_split, const std::filesystem::path& folder, const std::string& identity,
                  const ProgressListener& listener);

}  // namespace neurontwin
