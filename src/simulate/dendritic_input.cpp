#include "simulate/dendritic_input.hpp"

#include <map>
#include <numeric>

namespace nt::simulate {

std::vector<stimulus::SynapsePool> synapse_pools(const cell::DetailedCell& cell) {
  std::map<morphology::Region, stimulus::SynapsePool> pools;
  const auto add = [&](const cell::SynapseGroup& synapses, auto numbers, auto shares) {
    const auto compartments = cell::synapse_compartments(cell, synapses);
    for (size_t k = 0; k < compartments.size(); ++k) {
      auto& pool = pools[cell.geometry.region(compartments[k])];
      (pool.*numbers).push_back(static_cast<int>(k));
      (pool.*shares).push_back(cell.geometry.compartments[compartments[k]].length_um + kAddedLength_um);
    }
  };
  add(cell.excitatory, &stimulus::SynapsePool::excitatory, &stimulus::SynapsePool::excitatory_share);
  add(cell.inhibitory, &stimulus::SynapsePool::inhibitory, &stimulus::SynapsePool::inhibitory_share);
  std::vector<stimulus::SynapsePool> all;
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

std::vector<stimulus::SynapsePool> pools_of(const cell::Neuron& neuron) {
  if (const auto* cell = cell::compartmental(neuron)) return synapse_pools(*cell);
  return {stimulus::one_pool(cell::excitatory_synapses(neuron), cell::inhibitory_synapses(neuron))};
}

std::vector<stimulus::GroupSynapses> group_synapses(const cell::Neuron& neuron) {
  const auto* cell = cell::compartmental(neuron);
  const auto excitatory = cell::excitatory_compartments(neuron),
             inhibitory = cell::inhibitory_compartments(neuron);
  std::vector<stimulus::GroupSynapses> groups;
  for (const auto& block : cell::synapse_blocks(neuron)) {
    auto& group = groups.emplace_back();
    group.name = block.name;
    group.excitatory = block.excitatory;
    group.first = block.first;
    group.count = block.count;
    const auto& compartments = block.excitatory ? excitatory : inhibitory;
    for (int s = block.first; s < block.first + block.count; ++s) {
      const auto c = static_cast<size_t>(compartments[s]);
      group.distance_um.push_back(cell != nullptr ? cell->geometry.compartments[c].path_um : 0);
    }
  }
  return groups;
}

}  // namespace nt::simulate
