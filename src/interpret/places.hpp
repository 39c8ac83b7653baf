#pragma once
#include <nlohmann/json.hpp>
#include <span>
#include <string>
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
  double path_um = 0;      // along the tree from the soma's middle
  std::string group = {};  // empty: the neuron names no groups
};
/// Of every channel: excitatory synapses first.
std::vector<SynapsePlace> synapse_places(const cell::Neuron& neuron);

/// Synapses of one group, or of one kind where there are no groups, in one part of the neuron.
struct SynapseSet {
  morphology::Part part = morphology::Part::soma;
  bool excitatory = true;
  std::vector<int64_t> channels;
  std::string group = {};
};
/// Those that are not empty: by part from soma to tuft, excitation first, groups in the
/// neuron's order.
std::vector<SynapseSet> sets_by_part(std::span<const SynapsePlace> places);

/// "basal", "excitatory": how documents name a set.
nlohmann::ordered_json names_of(const SynapseSet& set);

}  // namespace nt::interpret
