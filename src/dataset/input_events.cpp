#include "dataset/input_events.hpp"

namespace nt::dataset {

std::vector<int32_t> input_events(std::span<const stimulus::SynapticInput> inputs, int64_t first_inhibitory,
                                  int64_t history_ms) {
  std::vector<int32_t> events;
  const auto append = [&](size_t window, const stimulus::Events& all, int64_t first_channel) {
    for (size_t i = 0; i < all.time_ms.size(); ++i)
      for (const int64_t x :
           {static_cast<int64_t>(window), first_channel + all.synapse[i], history_ms + all.time_ms[i]})
        events.push_back(static_cast<int32_t>(x));
  };
  for (size_t window = 0; window < inputs.size(); ++window) {
    append(window, inputs[window].excitatory, 0);
    append(window, inputs[window].inhibitory, first_inhibitory);
  }
  return events;
}

}  // namespace nt::dataset
