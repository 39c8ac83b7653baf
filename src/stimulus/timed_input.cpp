#include "stimulus/timed_input.hpp"

namespace neurontwin {

TimedInput timed(const SynapticInput& input) {
  const auto of = [](const Events& events) {
    return TimedEvents{{events.time_ms.begin(), events.time_ms.end()}, events.synapse, {}};
  };
  return {of(input.excitatory), of(input.inhibitory)};
}

}  // namespace neurontwin
