#include "interpret/places.hpp"

#include <algorithm>

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
      const auto& compartment = cell->geometry.compartments[c];
      place.section = compartment.section;
      place.part = parts[compartment.section];
      place.path_um = compartment.path_um;
    }
  };
  add(cell::excitatory_compartments(neuron), true);
  add(cell::inhibitory_compartments(neuron), false);
  const auto inhibitory_first = static_cast<size_t>(cell::excitatory_synapses(neuron));
  for (const auto& group : cell::named_groups(neuron)) {
    const auto first = static_cast<size_t>(group.first) + (group.excitatory ? 0 : inhibitory_first);
    for (size_t s = first; s < first + static_cast<size_t>(group.count); ++s) places[s].group = group.name;
  }
  return places;
}

std::vector<SynapseSet> sets_by_part(std::span<const SynapsePlace> places) {
  std::vector<SynapseSet> sets;
  for (const auto part : morphology::kParts) {
    std::vector<SynapseSet> here;
    for (size_t c = 0; c < places.size(); ++c) {
      if (places[c].part != part) continue;
      auto set = std::ranges::find_if(here, [&](const SynapseSet& s) {
        return s.excitatory == places[c].excitatory && s.group == places[c].group;
      });
      if (set == here.end())
        set = here.insert(set, SynapseSet{part, places[c].excitatory, {}, places[c].group});
      set->channels.push_back(static_cast<int64_t>(c));
    }
    std::ranges::stable_partition(here, &SynapseSet::excitatory);
    sets.insert(sets.end(), here.begin(), here.end());
  }
  return sets;
}

}  // namespace nt::interpret
