#pragma once
#include <span>
#include <vector>

#include "cell/neuron.hpp"
#include "morphology/parts.hpp"

namespace nt::interpret {

/// Where a channel of the twin's input, a synapse, sits in the neuron. A point neuron's synapses are all on
/// its soma.
struct SynapsePlace {
  bool excitatory = true;
  morphology::Part part = morphology::Part::soma;
  int section = 0;
  double path_um = 0;  // along the tree from the soma's middle
};
/// Of every channel: excitatory synapses first.
std::vector<SynapsePlace> synapse_places(const cell::Neuron& neuron);

/// Synapses of one kind in one part of the neuron.
struct SynapseSet {
  morphology::Part part = morphology::Part::soma;
  bool excitatory = true;
  std::vector<int64_t> channels;
};
/// Those that are not empty: by part from soma to tuft, excitation first.
std::vector<SynapseSet> sets_by_part(std::span<const SynapsePlace> places);

}  // namespace nt::interpret
