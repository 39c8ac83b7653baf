#pragma once
#include "ranks/ranks.hpp"
#include "train/train_spec.hpp"
#include "twin/twin.hpp"

namespace nt::train {

/// InputError where several ranks with a device each cannot train the twin so: a device does not add up its
/// batch normalisation's sums with those of other ranks, as CPUs do.
void require_devices_can_share(const ranks::Ranks& ranks, const twin::Twin& twin, const TrainSpec& spec);

}  // namespace nt::train
