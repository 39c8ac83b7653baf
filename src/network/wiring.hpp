#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "dataset/cell_table.hpp"
#include "network/spec.hpp"
#include "ranks/ranks.hpp"

namespace nt::network {

/// Where a population's neurons lie, in um.
struct Places {
  std::vector<double> x_um, y_um, z_um;

  double distance_um(size_t neuron, const Places& others, size_t other) const;
};

/// A pure function of the network's seed and the population's number. Empty where it says no places.
/// InputError where a file of positions does not fit.
Places places_of(const Population& population, uint64_t seed, size_t number);

/// The contacts of a projection onto the target neurons that one rank has, those of each source together,
/// ascending by target.
struct Connections {
  std::vector<uint64_t> first;            // of each source among the contacts, and the end
  std::vector<uint32_t> target, synapse;  // of each contact; targets count from the rank's first
  std::vector<float> delay_ms, weight;    // of each contact; empty: all as below
  float same_delay_ms = 1;
  float same_weight = 0;  // NaN: the synapse's own

  size_t contacts() const { return target.size(); }
  float delay_of(size_t contact) const { return delay_ms.empty() ? same_delay_ms : delay_ms[contact]; }
  float weight_of(size_t contact) const { return weight.empty() ? same_weight : weight[contact]; }
  float longest_delay_ms() const;
  float shortest_delay_ms() const;
  /// What they take in memory.
  size_t bytes() const;
};

/// Both ends of a projection.
struct Ends {
  const Population& from;
  const Population& to;
  const Places& from_places;
  const Places& to_places;
  const dataset::CellTable& synapses;  // of a target neuron
};

/// Wires a projection, number `number` of its network: a pure function of its arguments and the files that it
/// names. Of a connection's contacts, and of all of a target's, each is on another one of the chosen synapses
/// until all of these have one. InputError where the projection does not suit the populations. `own`: which
/// target neurons.
Connections connect(const Projection& projection, const Ends& ends, uint64_t seed, size_t number,
                    const ranks::Share& own);

}  // namespace nt::network
