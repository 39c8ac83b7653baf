// Correlated spikes: each synapse takes every spike of a common source with the same chance (the multiple
// interaction process of Kuhn, Aertsen and Rotter 2003, Neural Computation 15:67). The counts of two synapses
// of one source have that chance as their correlation; without jitter, so do their spikes in bins of 1 ms.
#include <algorithm>
#include <cmath>

#include "stimulus/group_input.hpp"

namespace nt::stimulus {
namespace {

class Correlated : public GroupInput {
 public:
  Correlated(const config::Settings& settings, const GroupSynapses& synapses)
      : rate_hz_(read_number_or_range(settings, "rate_hz", {}, {0, 1000})),
        correlation_(read_number_or_range(settings, "correlation", {}, {0.001, 1})),
        jitter_ms_(settings.number("jitter_ms", 0, {0, 1000})),
        sources_(settings.integer("sources", 1, {1, static_cast<double>(std::max(1, synapses.count))})) {
    if (rate_hz_.high / correlation_.low > 1000)
      fail_input(
          "{}: '{}' of {} Hz with a correlation of {} needs a source of more than 1000 Hz; expected at most "
          "{}",
          settings.where("rate_hz"), settings.full_key("rate_hz"), rate_hz_.high, correlation_.low,
          1000 * correlation_.low);
  }

  SpikeTimes draw(const GroupSynapses& synapses, const GroupTrial& trial) const override {
    auto common = trial.common();
    const double hz = rate_hz_.draw(common) * trial.rate_factor, taken = correlation_.draw(common);
    SpikeTimes sources(static_cast<size_t>(sources_));
    for (auto& source : sources) draw_poisson(hz / taken, trial.duration_ms, common, source);
    SpikeTimes times(static_cast<size_t>(synapses.count));
    for (size_t s = 0; s < times.size(); ++s) {
      auto random = trial.of_synapse(s);
      for (const uint32_t t : sources[s % sources.size()]) {
        if (random.uniform() >= taken) continue;
        const double moved = jitter_ms_ > 0 ? std::round(t + jitter_ms_ * random.normal()) : t;
        if (moved >= 0 && moved < static_cast<double>(trial.duration_ms))
          times[s].push_back(static_cast<uint32_t>(moved));
      }
    }
    return times;
  }

  double mean_hz(const GroupSynapses&) const override { return rate_hz_.middle(); }

 private:
  NumberOrRange rate_hz_, correlation_;
  double jitter_ms_;
  int64_t sources_;
};

}  // namespace

InputKind correlated_input() {
  return {"correlated", [](const config::Settings& settings, const GroupSynapses& synapses) {
            return std::shared_ptr<const GroupInput>(std::make_shared<Correlated>(settings, synapses));
          }};
}

}  // namespace nt::stimulus
