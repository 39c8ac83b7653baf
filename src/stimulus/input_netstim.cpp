// Trains as NEURON's NetStim gives them: intervals of which a part, `noise`, is drawn from an exponential
// distribution (netstim.mod of NEURON 8.2). Draws are from streams of our own, so single trains with noise
// are other ones than NEURON's.
#include <cmath>
#include <limits>

#include "stimulus/group_input.hpp"

namespace nt::stimulus {
namespace {

class NetStim : public GroupInput {
 public:
  explicit NetStim(const config::Settings& settings)
      : start_ms_(read_number_or_range(settings, "start", NumberOrRange{50, 50}, {0, 1e7})),
        interval_ms_(settings.number("interval", 10, {1, 1e7})),
        noise_(settings.number("noise", 0, {0, 1})),
        shared_(settings.flag("shared", false)) {
    if (settings.has("number")) number_ = settings.integer("number", {}, {1, 1e9});
  }

  SpikeTimes draw(const GroupSynapses& synapses, const GroupTrial& trial) const override {
    SpikeTimes times(static_cast<size_t>(synapses.count));
    if (shared_) {
      auto random = trial.common();
      times.assign(times.size(), train(trial, random));
      return times;
    }
    for (size_t s = 0; s < times.size(); ++s) {
      auto random = trial.of_synapse(s);
      times[s] = train(trial, random);
    }
    return times;
  }

  double mean_hz(const GroupSynapses&) const override { return 1000 / interval_ms_; }

 private:
  std::vector<uint32_t> train(const GroupTrial& trial, random::Random& random) const {
    std::vector<uint32_t> times;
    if (trial.rate_factor <= 0) return times;
    const double interval_ms = interval_ms_ / trial.rate_factor;
    const auto drawn = [&] { return noise_ > 0 ? -noise_ * interval_ms * std::log(random.uniform()) : 0.0; };
    double t = start_ms_.draw(random) + drawn();
    for (int64_t k = 0; k < number_ && t < static_cast<double>(trial.duration_ms); ++k) {
      times.push_back(static_cast<uint32_t>(t));
      t += (1 - noise_) * interval_ms + drawn();
    }
    return times;
  }

  NumberOrRange start_ms_;
  double interval_ms_, noise_;
  bool shared_;
  int64_t number_ = std::numeric_limits<int64_t>::max();
};

}  // namespace

InputKind netstim_input() {
  return {"netstim", [](const config::Settings& settings, const GroupSynapses&) {
            return std::shared_ptr<const GroupInput>(std::make_shared<NetStim>(settings));
          }};
}

}  // namespace nt::stimulus
