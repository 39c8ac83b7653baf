// Spikes without memory at a constant rate (a homogeneous Poisson process, in bins of 1 ms).
#include "stimulus/group_input.hpp"

namespace nt::stimulus {
namespace {

class Poisson : public GroupInput {
 public:
  explicit Poisson(const config::Settings& settings)
      : rate_hz_(read_number_or_range(settings, "rate_hz", {}, {0, 1000})),
        synapse_factor_(
            read_number_or_range(settings, "synapse_factor", NumberOrRange{1, 1}, config::kNotNegative)) {}

  SpikeTimes draw(const GroupSynapses& synapses, const GroupTrial& trial) const override {
    auto common = trial.common();
    const double hz = rate_hz_.draw(common) * trial.rate_factor;
    SpikeTimes times(static_cast<size_t>(synapses.count));
    for (size_t s = 0; s < times.size(); ++s) {
      auto random = trial.of_synapse(s);
      const double factor = synapse_factor_.draw(random);
      draw_poisson(hz * factor, trial.duration_ms, random, times[s]);
    }
    return times;
  }

  double mean_hz(const GroupSynapses&) const override { return rate_hz_.middle() * synapse_factor_.middle(); }

 private:
  NumberOrRange rate_hz_, synapse_factor_;
};

}  // namespace

InputKind poisson_input() {
  return {"poisson", [](const config::Settings& settings, const GroupSynapses&) {
            return std::shared_ptr<const GroupInput>(std::make_shared<Poisson>(settings));
          }};
}

}  // namespace nt::stimulus
