#pragma once
#include "ranks/ranks.hpp"
#include "train/train_spec.hpp"
#include "twin/twin.hpp"

namespace nt::train {

/// InputError where several ranks cannot train the twin so: its batch normalisation needs all windows of a
/// batch.
void require_trainable_by(const ranks::Ranks& ranks, const twin::Twin& twin, const TrainSpec& spec);

}  // namespace nt::train
