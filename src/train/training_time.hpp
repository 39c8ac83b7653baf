#pragma once
#include "train/train_spec.hpp"

namespace nt::train {

/// How long a whole training takes on this machine, from a few steps of it on made-up windows with so many
/// input spikes a millisecond (1 to 3 steps, about a second). Trials of validation last `valid_trial_ms`.
double training_time_s(const twin::TwinSpec& twin, int64_t channels, const TrainSpec& spec,
                       double input_spikes_per_ms, int64_t valid_trials, int64_t valid_trial_ms, int threads);

}  // namespace nt::train
