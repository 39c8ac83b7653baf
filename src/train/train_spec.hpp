#pragma once
#include <optional>
#include <vector>

#include "config/settings.hpp"
#include "train/loss.hpp"

namespace nt::train {

/// From this epoch on (counted from 0), these rates and weights hold.
struct SchedulePhase {
  int64_t from_epoch = 0;
  double learning_rate = 1e-4;
  /// The rate falls to this along half a cosine until the phase ends (Loshchilov and Hutter 2017); 0: it
  /// stays.
  double final_learning_rate = 0;
  /// Of the heads whose weight follows the schedule, by name; those not named have their kind's own.
  std::map<std::string, double, std::less<>> weights = {};
  bool freeze_norm = false;  // batch normalisation at its running averages, as it will be used
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
  /// The same at so many times the usual length (the running mean of its logarithm); 0: none.
  double clip_over_usual = 0;
  int64_t warm_up_steps = 0;  // in which the learning rate rises to the schedule's
  /// Weights are averaged over about so many steps; the averages are what is validated and kept; 0: none.
  int64_t average_steps = 0;
  /// A validation loss of so many times the best one is a setback: training goes back to the best weights,
  /// with half of the learning rate.
  double setback_factor = 2;
  /// The same where so many epochs in a row are a tenth worse than the best; 0: off.
  int64_t setback_epochs = 0;
  std::optional<uint64_t> seed = {};  // of starting weights and windows; else the experiment's
  twin::HeadSettings heads = twin::usual_head_settings();
  std::vector<SchedulePhase> schedule;
  double checkpoint_every_s = 30;
  int64_t valid_trials = 0;  // of the validation split, the first ones, after each epoch; 0: all
  /// The first epoch draws from so many trials, so that it may begin before the others are simulated; 0: all.
  int64_t starts_with_trials = 0;
  int64_t all_trials_from_epoch = 0;  // counted from 0; until then the number grows evenly

  const SchedulePhase& phase(int64_t epoch) const;
  /// Of a step, counted from 0.
  double learning_rate(int64_t step) const;
  /// Whether the rates of the epochs there are would be others if there were more of them.
  bool depends_on_epochs() const;
  /// What a head's loss counts in a phase.
  double weight(const SchedulePhase& phase, const twin::HeadKind& head) const;
  /// Of a twin's heads.
  LossWeights weights(const SchedulePhase& phase, std::span<const twin::Head> heads_of_twin) const;
  /// How many of `all` trials, the first ones, an epoch draws from: a matter of the settings alone, not of
  /// how fast they are simulated.
  int64_t trials_in(int64_t epoch, int64_t all) const;
  /// Whether spikes are asked for at any time.
  bool learns_spikes() const;
  bool freezes_norm() const;
};
TrainSpec read_train(const config::Settings& settings);

}  // namespace nt::train
