#include "dataset/windows.hpp"

#include <algorithm>

namespace nt::dataset {

std::vector<Window> draw_windows(const Split& split, int64_t trials, uint64_t seed, uint64_t step,
                                 int64_t count, int64_t window_ms, int64_t skip_ms) {
  const int64_t last_start = split.duration_ms() - window_ms;
  if (last_start < skip_ms) {
    fail_input("train.window_ms: windows of {} ms after the first {} ms do not fit into trials of {} ms",
               window_ms, skip_ms, split.duration_ms());
  }
  std::vector<Window> windows;
  for (int64_t i = 0; i < count; ++i) {
    random::Random random(seed, random::Stage::training_windows, step,
                          {random::StreamName::window, static_cast<uint64_t>(i)});
    const auto trial = static_cast<size_t>(random.integer(0, trials - 1));
    windows.push_back({trial, random.integer(skip_ms, last_start)});
  }
  return windows;
}

const BatchSignal* WindowBatch::signal(std::string_view name) const {
  const auto found = std::ranges::find(signals, name, &BatchSignal::name);
  return found == signals.end() ? nullptr : &*found;
}

WindowBatch gather(const Split& split, std::span<const Window> windows, const Gathering& gathering) {
  const auto [history_ms, window_ms, full_history, soma_skips_ms, names] = gathering;
  WindowBatch batch;
  batch.windows = static_cast<int64_t>(windows.size());
  batch.channels = split.channels();
  batch.history_ms = history_ms;
  batch.window_ms = window_ms;
  batch.spikes.assign(windows.size() * static_cast<size_t>(window_ms), 0.0f);
  batch.soma_mV.reserve(batch.spikes.size());
  batch.soma_counts.assign(batch.spikes.size(), 1.0f);
  for (const auto& name : names) {
    auto& signal = batch.signals.emplace_back(name, split.signal(name).values_per_ms);
    signal.values.reserve(batch.spikes.size() * static_cast<size_t>(signal.values_per_ms));
  }
  const auto first_inhibitory = static_cast<int32_t>(split.identity().excitatory_synapses);
  for (size_t w = 0; w < windows.size(); ++w) {
    const auto [index, start_ms] = windows[w];
    const auto trial = split.trial(index);
    const int64_t end_ms = start_ms + window_ms;
    const int64_t origin_ms = start_ms - history_ms;
    const int64_t first_event_ms = full_history ? origin_ms : start_ms;
    const auto append = [&](const EventsView& all, int32_t first_channel) {
      const auto events = all.between(first_event_ms, end_ms);
      for (size_t i = 0; i < events.time_ms.size(); ++i) {
        batch.events.push_back(static_cast<int32_t>(w));
        batch.events.push_back(first_channel + events.synapse[i]);
        batch.events.push_back(static_cast<int32_t>(events.time_ms[i] - origin_ms));
      }
    };
    append(trial.excitatory, 0);
    append(trial.inhibitory, first_inhibitory);
    const auto first_bin = static_cast<int64_t>(w) * window_ms - start_ms;  // of the trial's time 0
    for (const float t : trial.spike_times_ms) {
      const auto bin = static_cast<int64_t>(t);
      if (bin >= start_ms && bin < end_ms) batch.spikes[first_bin + bin] = 1;
      for (int64_t b = std::max(bin, start_ms); b < std::min(bin + soma_skips_ms, end_ms); ++b) {
        batch.soma_counts[first_bin + b] = 0;
      }
    }
    const auto soma = trial.soma_mV.subspan(start_ms, window_ms);
    batch.soma_mV.insert(batch.soma_mV.end(), soma.begin(), soma.end());
    for (auto& signal : batch.signals) {
      const auto values = trial.signal(signal.name)
                              .subspan(start_ms * signal.values_per_ms, window_ms * signal.values_per_ms);
      signal.values.insert(signal.values.end(), values.begin(), values.end());
    }
  }
  return batch;
}

}  // namespace nt::dataset
