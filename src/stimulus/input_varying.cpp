// Spikes without memory at a rate that a formula of time gives (an inhomogeneous Poisson process, in bins of
// 1 ms).
#include <algorithm>
#include <cmath>

#include "cell/formula.hpp"
#include "stimulus/group_input.hpp"

namespace nt::stimulus {
namespace {

class Varying : public GroupInput {
 public:
  explicit Varying(const config::Settings& settings)
      : where_(fmt::format("{}: '{}'", settings.where("rate_hz"), settings.full_key("rate_hz"))),
        rate_hz_(settings.formula("rate_hz"), where_, {"t"}),
        trial_factor_(
            read_number_or_range(settings, "trial_factor", NumberOrRange{1, 1}, config::kNotNegative)),
        shift_ms_(read_number_or_range(settings, "shift_ms", NumberOrRange{0, 0}, {0, 1e7})) {
    for (const double t : {0.0, 1.0, 1000.0}) at(t);  // a formula that makes no sense is refused here
  }

  SpikeTimes draw(const GroupSynapses& synapses, const GroupTrial& trial) const override {
    auto common = trial.common();
    const double factor = trial_factor_.draw(common) * trial.rate_factor;
    const double shift_ms = shift_ms_.draw(common);
    std::vector<double> hz;
    for (int64_t t = 0; t < trial.duration_ms; ++t)
      hz.push_back(factor * at(static_cast<double>(t) + shift_ms));
    const double highest = *std::ranges::max_element(hz);
    SpikeTimes times(static_cast<size_t>(synapses.count));
    for (size_t s = 0; s < times.size(); ++s) {
      auto random = trial.of_synapse(s);
      draw_poisson(highest, trial.duration_ms, random, times[s]);  // thinned (Lewis and Shedler 1979)
      std::erase_if(times[s],
                    [&](uint32_t t) { return random.uniform() * std::min(highest, 1000.0) >= hz[t]; });
    }
    return times;
  }

  double mean_hz(const GroupSynapses&) const override {
    constexpr int kSamples = 1000;
    double sum = 0;
    for (int t = 0; t < kSamples; ++t) sum += at(t + shift_ms_.middle());
    return trial_factor_.middle() * sum / kSamples;
  }

 private:
  /// A rate below 0 is none. InputError where the formula gives no number.
  double at(double t_ms) const {
    const double hz = rate_hz_({t_ms});
    if (!std::isfinite(hz)) fail_input("{} is no number at t = {} ms", where_, t_ms);
    return std::max(0.0, hz);
  }

  std::string where_;
  cell::Formula rate_hz_;
  NumberOrRange trial_factor_, shift_ms_;
};

}  // namespace

InputKind varying_input() {
  return {"varying", [](const config::Settings& settings, const GroupSynapses&) {
            return std::shared_ptr<const GroupInput>(std::make_shared<Varying>(settings));
          }};
}

}  // namespace nt::stimulus
