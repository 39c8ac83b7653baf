#pragma once
#include <cstdint>
#include <vector>

#include "device/device.hpp"
#include "seconds_of.hpp"
#include "twin/recurrent.hpp"

namespace nt::bench {

/// Steps of training that are timed: recurrent twins of so many units, and a convolutional one of seven
/// layers of so many features (45 taps, then 19), as Beniaguev, Segev and London (2021) have it with 128.
struct TrainingSpeed {
  std::vector<int64_t> units{20, 100}, windows{8, 32, 128, 512}, convolutional_windows{8, 32};
  int64_t features = 128, window_ms = 400;
  double spikes_per_ms = 14;
};

constexpr int64_t kChannels = 1278;  // synapses: two on each of 639 compartments

/// Synapses of both kinds on every compartment of one long cable, as on a real cell's tree.
twin::RecurrentSpec recurrent_twin(int64_t units);

/// Of each twin the seconds of a whole step (passes, loss, optimiser), the median of some, on the device and
/// on one core; of more windows than these on the device alone, since one core is long at them.
constexpr int64_t kMostWindowsOfOneCore = 128;
void measure_training(const TrainingSpeed& asked, device::Kind kind, const Results& results);

}  // namespace nt::bench
