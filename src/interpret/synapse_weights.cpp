#include "interpret/synapse_weights.hpp"

#include <cmath>

namespace nt::interpret {

std::vector<double> synapse_weights(const twin::Twin& twin) {
  const auto filters = twin.network().filters(twin.layout(), twin.numbers, twin.channels());
  if (!filters) return {};
  std::vector<double> sums(filters->channels, 0.0);
  const auto of_channel = static_cast<size_t>(filters->taps * filters->features);
  for (size_t i = 0; i < filters->weight.size(); ++i)
    sums[i / of_channel] += std::abs(filters->weight[i]) / static_cast<double>(filters->features);
  return sums;
}

}  // namespace nt::interpret
