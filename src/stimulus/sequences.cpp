#include "stimulus/sequences.hpp"

#include <algorithm>
#include <numeric>

namespace nt::stimulus {

SynapseOrder inward_order(std::span<const uint32_t> synapses, std::span<const double> distance_um) {
  std::vector<size_t> place(synapses.size());
  std::iota(place.begin(), place.end(), size_t{0});
  std::stable_sort(place.begin(), place.end(),
                   [&](size_t a, size_t b) { return distance_um[a] > distance_um[b]; });
  SynapseOrder order;
  for (const size_t i : place) order.push_back(synapses[i]);
  return order;
}

std::vector<SynapseOrder> random_orders(std::span<const uint32_t> synapses, size_t count, uint64_t seed) {
  std::vector<SynapseOrder> orders(count, SynapseOrder(synapses.begin(), synapses.end()));
  for (size_t i = 0; i < count; ++i) {
    random::Random random(seed, random::Stage::sequence_orders, i, random::StreamName::order);
    for (size_t left = orders[i].size(); left > 1; --left) {  // Fisher and Yates
      const auto drawn = static_cast<size_t>(random.integer(0, static_cast<int64_t>(left) - 1));
      std::swap(orders[i][left - 1], orders[i][drawn]);
    }
  }
  return orders;
}

SynapticInput sequence_input(std::span<const uint32_t> order, int64_t start_ms, int64_t interval_ms) {
  SynapticInput input;
  for (size_t i = 0; i < order.size(); ++i) {
    input.excitatory.time_ms.push_back(
        static_cast<uint32_t>(start_ms + static_cast<int64_t>(i) * interval_ms));
    input.excitatory.synapse.push_back(order[i]);
  }
  return input;
}

double directionality(std::span<const double> distance_um) {
  int64_t inward = 0, outward = 0, pairs = 0;
  for (size_t later = 0; later < distance_um.size(); ++later) {
    for (size_t earlier = 0; earlier < later; ++earlier, ++pairs) {
      inward += distance_um[earlier] > distance_um[later];
      outward += distance_um[earlier] < distance_um[later];
    }
  }
  return pairs == 0 ? 0 : static_cast<double>(inward - outward) / static_cast<double>(pairs);
}

}  // namespace nt::stimulus
