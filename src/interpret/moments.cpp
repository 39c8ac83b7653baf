#include "interpret/moments.hpp"

#include <algorithm>
#include <cmath>

namespace nt::interpret {
namespace {

constexpr int64_t kSilencesTried = 64;

struct Counts {
  double excitatory = 0, inhibitory = 0;
};

Counts input_before(const dataset::TrialView& trial, int64_t ms, int64_t window_ms) {
  const auto count = [&](const dataset::EventsView& events) {
    return static_cast<double>(
        events.between(std::max<int64_t>(0, ms - window_ms + 1), ms + 1).time_ms.size());
  };
  return {count(trial.excitatory), count(trial.inhibitory)};
}

double distance(const Counts& a, const Counts& b) {
  const double e = (a.excitatory - b.excitatory) / std::sqrt(b.excitatory + 1);
  const double i = (a.inhibitory - b.inhibitory) / std::sqrt(b.inhibitory + 1);
  return std::hypot(e, i);
}

bool is_silent(const dataset::TrialView& trial, int64_t ms, int64_t away_ms) {
  return std::none_of(trial.spike_times_ms.begin(), trial.spike_times_ms.end(), [&](float spike_ms) {
    return std::abs(static_cast<double>(spike_ms) - static_cast<double>(ms)) <= static_cast<double>(away_ms);
  });
}

/// Takes `count` of the items, each as likely, and leaves them in their order.
template <class T>
std::vector<T> sample(std::vector<T> items, int64_t count, random::Random random) {
  const auto n = static_cast<int64_t>(items.size());
  if (n <= count) return items;
  std::vector<T> taken;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t wanted = count - static_cast<int64_t>(taken.size());
    if (random.uniform() * static_cast<double>(n - i) < static_cast<double>(wanted))
      taken.push_back(items[i]);
  }
  return taken;
}

}  // namespace

std::vector<Moment> drawn_moments(const dataset::Split& split, int64_t count, int64_t skip_ms,
                                  uint64_t seed) {
  random::Random random(seed, random::Stage::interpretation, 0, random::StreamName::moments);
  std::vector<Moment> moments;
  for (int64_t i = 0; i < count; ++i) {
    const auto trial = static_cast<size_t>(random.integer(0, static_cast<int64_t>(split.trials()) - 1));
    moments.push_back(
        {trial, random.integer(std::min(skip_ms, split.duration_ms() - 1), split.duration_ms() - 1)});
  }
  return moments;
}

MatchedMoments matched_moments(const dataset::Split& split, int64_t count, int64_t window_ms, int64_t away_ms,
                               uint64_t seed) {
  std::vector<Moment> all;
  for (size_t t = 0; t < split.trials(); ++t) {
    for (const float spike_ms : split.trial(t).spike_times_ms) {
      const auto ms = static_cast<int64_t>(spike_ms);
      if (ms < split.duration_ms()) all.push_back({t, ms});
    }
  }
  MatchedMoments matched;
  for (const auto& spike :
       sample(std::move(all), count,
              random::Random(seed, random::Stage::interpretation, 0, random::StreamName::spikes))) {
    const auto trial = split.trial(spike.trial);
    const auto wanted = input_before(trial, spike.ms, window_ms);
    random::Random random(seed, random::Stage::interpretation,
                          spike.trial * static_cast<uint64_t>(split.duration_ms()) + spike.ms,
                          random::StreamName::silences);
    std::optional<Moment> nearest;
    double least = 0;
    for (int64_t i = 0; i < kSilencesTried; ++i) {
      const Moment silence{
          spike.trial, random.integer(std::min(window_ms, split.duration_ms() - 1), split.duration_ms() - 1)};
      if (!is_silent(trial, silence.ms, away_ms)) continue;
      const double apart = distance(input_before(trial, silence.ms, window_ms), wanted);
      if (nearest && apart >= least) continue;
      nearest = silence;
      least = apart;
    }
    if (!nearest) continue;
    matched.spikes.push_back(spike);
    matched.silences.push_back(*nearest);
  }
  return matched;
}

dataset::WindowBatch windows_at(const dataset::Split& split, std::span<const Moment> moments,
                                int64_t history_ms) {
  std::vector<dataset::Window> windows;
  for (const auto& m : moments) windows.push_back({m.trial, m.ms});
  return dataset::gather(split, windows, {.history_ms = history_ms, .window_ms = 1});
}

}  // namespace nt::interpret
