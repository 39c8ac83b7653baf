#include "simulate/dendritic_input.hpp"

#include <map>
#include <numeric>

namespace neurontwin {

std::vector<SynapsePool> synapse_pools(const DetailedCell& cell) {
  std::map<Region, SynapsePool> pools;
  const auto add = [&](const SynapseGroup& synapses, auto numbers, auto shares) {
    if (!synapses.placement) return;
    const auto& compartments = cell.placements[*synapses.placement].compartments;
    for (size_t k = 0; k < compartments.size(); ++k) {
      auto& pool = pools[cell.geometry.region(compartments[k])];
      (pool.*numbers).push_back(static_cast<int>(k));
      (pool.*shares)
          .push_back(cell.geometry.compartments[static_cast<size_t>(compartments[k])].length_um +
                     kAddedLength_um);
    }
  };
  add(cell.excitatory, &SynapsePool::excitatory, &SynapsePool::excitatory_share);
  add(cell.inhibitory, &SynapsePool::inhibitory, &SynapsePool::inhibitory_share);
  std::vector<SynapsePool> all;
  for (auto& [region, pool] : pools) {
    pool.name = std::string(name_of(region));
    for (auto* shares : {&pool.excitatory_share, &pool.inhibitory_share}) {
      const double sum = std::accumulate(shares->begin(), shares->end(), 0.0);
      for (double& share : *shares) share /= sum;
    }
    all.push_back(std::move(pool));
  }
  return all;
}

std::vector<SynapsePool> pools_of(const Neuron& neuron) {
  if (const auto* cell = std::get_if<DetailedCell>(&neuron)) return synapse_pools(*cell);
  return {one_pool(excitatory_synapses(neuron), inhibitory_synapses(neuron))};
}

}  // namespace neurontwin
