#include "stimulus/timed_input.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace nt::stimulus {

TimedInput timed(const SynapticInput& input) {
  const auto of = [](const Events& events) {
    return TimedEvents{{events.time_ms.begin(), events.time_ms.end()}, events.synapse, {}};
  };
  return {of(input.excitatory), of(input.inhibitory), input.draws};
}

SynapticInput at_whole_ms(const TimedInput& input) {
  const auto of = [](const TimedEvents& events) {
    if (!std::ranges::all_of(events.weight, [](double weight) { return std::isnan(weight); }))
      fail_input(
          "the input spikes have weights of their own, which a point neuron's synapses have not; leave them "
          "out");
    std::vector<std::pair<uint32_t, uint32_t>> spikes;  // ms, synapse
    for (size_t k = 0; k < events.time_ms.size(); ++k)
      if (events.time_ms[k] < std::numeric_limits<uint32_t>::max())
        spikes.emplace_back(static_cast<uint32_t>(events.time_ms[k]), events.synapse[k]);
    std::ranges::sort(spikes);
    Events whole;
    for (const auto& [ms, synapse] : spikes) {
      whole.time_ms.push_back(ms);
      whole.synapse.push_back(synapse);
    }
    return whole;
  };
  return {of(input.excitatory), of(input.inhibitory), input.draws};
}

}  // namespace nt::stimulus
