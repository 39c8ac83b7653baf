#pragma once
#include "dataset/split.hpp"

namespace nt::dataset {

/// A stretch of one trial.
struct Window {
  size_t trial;
  int64_t start_ms;
};

/// A signal within windows.
struct BatchSignal {
  std::string name;
  int64_t values_per_ms;
  std::vector<float> values;  // [window][ms][value]
};

/// Windows of input spikes with the outputs that belong to them. Excitatory synapses are channels 0 .. n_exc
/// - 1, inhibitory follow.
struct WindowBatch {
  int64_t windows = 0;
  int64_t channels = 0;
  int64_t history_ms = 0;  // input seen before the first output
  int64_t window_ms = 0;
  /// (window, channel, time) of every input spike, three numbers each, sorted by window; time runs from 0 to
  /// history + window. Silence before the trial's start is true silence: the neuron starts at rest.
  std::vector<int32_t> events;
  std::vector<float> spikes;   // [window][ms], 1 where the neuron spiked
  std::vector<float> soma_mV;  // [window][ms]
  /// [window][ms], 1 where the voltage is to be learned, 0 in the wake of a spike (see Gathering).
  std::vector<float> soma_counts;
  std::vector<BatchSignal> signals;  // those that were asked for

  /// Null if there is none of this name.
  const BatchSignal* signal(std::string_view name) const;
  int64_t event_count() const { return static_cast<int64_t>(events.size() / 3); }
};

/// The windows of one training step: drawn uniformly over the first `trials` trials and times from skip_ms
/// on, each by its own place in the sequence of draws, so that no state needs keeping between steps.
/// InputError if no window fits.
std::vector<Window> draw_windows(const Split& split, int64_t trials, uint64_t seed, uint64_t step,
                                 int64_t count, int64_t window_ms, int64_t skip_ms);

/// How windows are gathered.
struct Gathering {
  int64_t history_ms = 0;
  int64_t window_ms = 0;
  /// With full history the input before a window is real; without, it is silence, as in the paper's training.
  bool full_history = true;
  /// The voltage does not count from a spike's bin until this long after it; 0 counts it everywhere. A
  /// feed-forward twin cannot know what a reset erased, so there it can only learn to forget sooner than the
  /// neuron does.
  int64_t soma_skips_after_spike_ms = 0;
  std::vector<std::string> signals = {};  // names of those that are gathered
};
/// InputError if the split has no such signal.
WindowBatch gather(const Split& split, std::span<const Window> windows, const Gathering& gathering);

}  // namespace nt::dataset
