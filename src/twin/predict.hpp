#pragma once
#include <filesystem>
#include <functional>
#include <stop_token>

#include "device/device.hpp"
#include "twin/twin.hpp"

namespace nt::twin {

/// Input spikes of some trials: appends those of one trial that come at from_ms <= time < to_ms to `events`,
/// as (stream, channel, time - from_ms), in the order of time.
using TrialInput = std::function<void(size_t trial, int64_t from_ms, int64_t to_ms, int32_t stream,
                                      std::vector<int32_t>& events)>;

/// Of given trials; inhibitory synapses are the channels from `first_inhibitory` on. The inputs must outlive
/// it.
TrialInput trial_input(std::span<const stimulus::SynapticInput> inputs, int64_t first_inhibitory);

/// Outputs of `trials` trials from `first_trial` on, from `from_ms` on: [trial][ms][output], until the next.
struct PredictedPiece {
  size_t first_trial, trials;
  int64_t from_ms, ms;
  Outputs<float> outputs;
};

/// What a twin says to trials that start after silence, handed out piece by piece: many trials side by side,
/// so that memory grows neither with their number nor with their length. False where it was stopped.
bool predict_trials(Twin& twin, size_t trials, int64_t duration_ms, const TrialInput& input,
                    const std::function<void(const PredictedPiece&)>& take, const std::stop_token& stop = {});

/// Of the trials [first, first + count) of a split: one after the other on the CPU, or side by side by the
/// twin's device.
std::vector<Prediction> predict_each(Twin& twin, const dataset::Split& split, size_t first, size_t count);

/// Windows or trials that are best predicted together: of a device many.
inline int64_t best_at_once(const Twin& twin, int64_t on_cpu) {
  constexpr int64_t kOnDevice = 1024;
  return twin.device == nullptr ? on_cpu : kOnDevice;
}

/// A head's outputs as the quantity that they are about.
float in_units(HeadActivation activation, float output);

/// Runs the twin in a file over all trials of a data set file, or over the input of a replay file, which is
/// one trial that ends with the second of its last spike. Writes /spike_probability [trial][ms], /soma_mV
/// [trial][ms] and, for each further head, /NAME [trial][ms][output]. InputError, naming the file, for a
/// damaged one or one of other synapses than the twin's, and where the device is none or has no code for the
/// twin's kind.
void predict_file(const std::filesystem::path& twin, const std::filesystem::path& input,
                  const std::filesystem::path& out, const Parallel& parallel,
                  const std::stop_token& stop = {}, device::Kind device = device::Kind::cpu);

}  // namespace nt::twin
