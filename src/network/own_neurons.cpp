// Which neurons of a population a rank has.
#include <algorithm>

#include "network/detail/neurons.hpp"
#include "simulate/neuron_streams.hpp"

namespace nt::network {

int64_t block_of(const Population& population, const simulate::SimulationSpec& simulation) {
  if (population.kind != Kind::cell) return 1;
  return static_cast<int64_t>(simulate::NeuronStreams(*population.cell, simulation, 1).side_by_side());
}

int rank_of_share(size_t population, int share, int ranks) {
  return (share + static_cast<int>(population % static_cast<size_t>(ranks))) % ranks;
}

ranks::Share own_neurons(const Population& population, size_t number, int64_t block, int rank, int ranks) {
  if (population.fires_by_itself() || ranks == 1) return {0, population.neurons};
  int share = 0;
  while (rank_of_share(number, share, ranks) != rank) ++share;
  const auto blocks = ranks::share_of((population.neurons + block - 1) / block, share, ranks);
  const int64_t first = std::min(blocks.first * block, population.neurons);
  return {first, std::min((blocks.first + blocks.count) * block, population.neurons) - first};
}

}  // namespace nt::network
