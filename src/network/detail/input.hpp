#pragma once
#include <span>
#include <vector>

#include "network/arrivals.hpp"
#include "network/spec.hpp"
#include "random/failures_table.hpp"
#include "twin/parallel.hpp"

namespace nt::network {

/// A background with its synapses found.
struct ChosenBackground {
  std::vector<uint32_t> synapses;
  double rate_hz = 0, from_ms = 0, until_ms = 0;
  uint64_t number = 0;  // among those of the network
};

/// All that reaches the neurons of a population in a ms: spikes of others, and each one's own background.
class Input {
 public:
  /// `first_neuron`: the number of its first neuron among all of the network.
  Input(std::vector<ChosenBackground> backgrounds, int64_t neurons, uint64_t seed, uint64_t first_neuron);

  /// By neuron; of one neuron the spikes of others come first, in the order of `arrivals`. Until the next
  /// call. A background's spikes are a pure function of seed, neuron and ms.
  std::span<const Arrival> in(int64_t ms, std::span<const Arrival> arrivals, const twin::Parallel& parallel);

 private:
  void sort(std::span<const Arrival> arrivals);
  void draw(int64_t ms, uint32_t neuron, std::vector<Arrival>& to) const;

  struct Drawn {
    ChosenBackground background;
    random::FailuresTable silent;  // synapses between two that have a spike
  };
  std::vector<Drawn> backgrounds_;  // those that have a rate
  size_t neurons_;
  uint64_t seed_, first_neuron_;
  std::vector<size_t> first_;  // of each neuron among `sorted_`, and the end
  std::vector<Arrival> sorted_, all_;
  std::vector<std::vector<Arrival>> blocks_;  // of so many neurons each
};

}  // namespace nt::network
