#include "interpret/places.hpp"

namespace nt::interpret {

std::vector<SynapsePlace> synapse_places(const cell::Neuron& neuron) {
  const auto* cell = cell::compartmental(neuron);
  const auto parts = cell != nullptr ? parts_of(cell->geometry.sections) : std::vector<morphology::Part>{};
  std::vector<SynapsePlace> places;
  const auto add = [&](const std::vector<int>& compartments, bool excitatory) {
    for (const int c : compartments) {
      auto& place = places.emplace_back();
      place.excitatory = excitatory;
      if (cell == nullptr) continue;
      const auto& compartment = cell->geometry.compartments[static_cast<size_t>(c)];
      place.section = compartment.section;
      place.part = parts[static_cast<size_t>(compartment.section)];
      place.path_um = compartment.path_um;
    }
  };
  add(cell::excitatory_compartments(neuron), true);
  add(cell::inhibitory_compartments(neuron), false);
  return places;
}

std::vector<SynapseSet> sets_by_part(std::span<const SynapsePlace> places) {
  std::vector<SynapseSet> sets;
  for (const auto part : morphology::kParts) {
    for (const bool excitatory : {true, false}) {
      SynapseSet set{part, excitatory, {}};
      for (size_t c = 0; c < places.size(); ++c) {
        if (places[c].part == part && places[c].excitatory == excitatory)
          set.channels.push_back(static_cast<int64_t>(c));
      }
      if (!set.channels.empty()) sets.push_back(std::move(set));
    }
  }
  return sets;
}

}  // namespace nt::interpret
