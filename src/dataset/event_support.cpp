#include "dataset/event_support.hpp"

#include <algorithm>

namespace nt::dataset {

void EventSupport::add(const TrialView& trial) {
  spikes_of.push_back(static_cast<int64_t>(trial.spike_times_ms.size()));
  spikes += spikes_of.back();
  for (const float t : trial.spike_times_ms) spikes_after_skip += t >= static_cast<float>(skip_ms);
  trials_with_spikes += spikes_of.back() > 0;
  total_ms += static_cast<int64_t>(trial.soma_mV.size());
}

int64_t EventSupport::trials_above(int64_t most_spikes) const {
  return std::ranges::count_if(spikes_of,
                               [=](int64_t spikes_in_trial) { return spikes_in_trial > most_spikes; });
}

std::vector<double> EventSupport::rate_quantiles_hz(std::span<const double> shares) const {
  auto sorted = spikes_of;
  std::ranges::sort(sorted);
  const double trial_s = seconds() / static_cast<double>(trials());
  std::vector<double> quantiles;
  for (const double share : shares) {
    const double place = share * static_cast<double>(trials() - 1);
    const auto below = static_cast<size_t>(place), above = std::min(below + 1, trials() - 1);
    const auto low = static_cast<double>(sorted[below]), high = static_cast<double>(sorted[above]);
    quantiles.push_back((low + (place - static_cast<double>(below)) * (high - low)) / trial_s);
  }
  return quantiles;
}

EventSupport event_support(const Split& split, int64_t skip_ms) {
  EventSupport support;
  support.skip_ms = skip_ms;
  for (size_t i = 0; i < split.trials(); ++i) support.add(split.trial(i));
  return support;
}

std::string words_for(const EventSupport& s, const std::string& split) {
  auto words = fmt::format("{}: {} trials, {:g} s, {} output spikes in {} trials, {:.3f} Hz", split,
                           s.trials(), s.seconds(), s.spikes, s.trials_with_spikes, s.rate_hz());
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

std::optional<std::string> rate_warning_of(const EventSupport& support, const std::string& split) {
  const double hz = support.rate_hz();
  if (support.spikes == 0 || (hz >= kLowRate_hz && hz <= kHighRate_hz)) return {};
  return fmt::format(
      "warning: the neuron fires at {:.3g} Hz in {}, outside of {} to {} Hz; change the rates in [stimulus], "
      "or "
      "have them scaled: [stimulus] calibrate = {{ rate_hz = 1 }}",
      hz, split, kLowRate_hz, kHighRate_hz);
}

}  // namespace nt::dataset
