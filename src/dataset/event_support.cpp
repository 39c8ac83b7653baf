#include "dataset/event_support.hpp"

namespace neurontwin {

void EventSupport::add(const TrialView& trial) {
  spikes_of.push_back(static_cast<int64_t>(trial.spike_times_ms.size()));
  spikes += spikes_of.back();
  for (const float t : trial.spike_times_ms) spikes_after_skip += t >= static_cast<float>(skip_ms);
  trials_with_spikes += spikes_of.back() > 0;
  total_ms += static_cast<int64_t>(trial.soma_mV.size());
}

EventSupport event_support(const Split& split, int64_t skip_ms) {
  EventSupport support;
  support.skip_ms = skip_ms;
  for (size_t i = 0; i < split.trials(); ++i) support.add(split.trial(i));
  return support;
}

std::string words_for(const EventSupport& s, const std::string& split) {
  auto words = fmt::format("{}: {} trials, {:g} s, {} output spikes in {} trials, {:.3f} Hz", split,
                           s.spikes_of.size(), s.seconds(), s.spikes, s.trials_with_spikes, s.rate_hz());
  if (s.skip_ms > 0)
    words += fmt::format("; {} after the first {} ms of each trial", s.spikes_after_skip, s.skip_ms);
  return words;
}

std::optional<std::string> warning_of(const EventSupport& s, const std::string& split) {
  if (s.spikes_after_skip >= kFewSpikes) return std::nullopt;
  const std::string follows = split == "train" ? "are too few to learn from"
                              : split == "valid"
                                  ? "say little about which epoch is best and where the thresholds belong"
                                  : "leave every score of spikes a wide interval";
  return fmt::format("warning: {} output spikes in the {} trials {}; raise data.{}_trials",
                     s.spikes_after_skip, split, follows, split);
}

}  // namespace neurontwin
