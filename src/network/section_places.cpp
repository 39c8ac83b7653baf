#include "network/detail/section_places.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "config/error.hpp"
#include "network/synapses.hpp"

namespace nt::network {
namespace {

size_t rank_of(const std::string& region) {
  constexpr std::array<std::string_view, 4> kOrder{"soma", "axon", "basal", "apical"};
  return static_cast<size_t>(std::ranges::find(kOrder, region) - kOrder.begin());
}

}  // namespace

SectionPlaces::SectionPlaces(const SynapseChoice& choice, const dataset::CellTable& table)
    : group_(choice.group) {
  std::vector<size_t> ranks;
  for (size_t c = 0; c < table.section.size(); ++c) {
    if (std::ranges::find(names_, table.section[c]) != names_.end()) continue;
    const size_t rank = rank_of(table.region[c]);
    const auto at = std::ranges::upper_bound(ranks, rank) - ranks.begin();
    ranks.insert(ranks.begin() + at, rank);
    names_.insert(names_.begin() + at, table.section[c]);
  }
  places_.resize(names_.size());
  const size_t excitatory = table.excitatory_compartment.size();
  for (const uint32_t s : chosen_synapses(choice, table)) {
    const auto c = static_cast<size_t>(s < excitatory ? table.excitatory_compartment[s]
                                                      : table.inhibitory_compartment[s - excitatory]);
    const auto section = std::ranges::find(names_, table.section.at(c)) - names_.begin();
    places_[static_cast<size_t>(section)].push_back({table.x[c], s});
  }
}

std::vector<uint32_t> SectionPlaces::nearest(int64_t section, double position, int64_t count,
                                             const std::string& where) const {
  if (section < 0 || section >= std::ssize(names_))
    fail_input("{}: afferent_section_id {}, but the neuron has {} sections, counted from 0", where, section,
               names_.size());
  if (!(position >= 0 && position <= 1))
    fail_input("{}: afferent_section_pos {}, expected from 0 to 1", where, position);
  auto places = places_[static_cast<size_t>(section)];
  if (places.empty())
    fail_input("{}: section {}, '{}', has no synapse {}", where, section,
               names_[static_cast<size_t>(section)],
               group_.empty() ? "of those that are chosen" : "of '" + group_ + "'");
  std::ranges::stable_sort(places, {}, [&](const Place& p) { return std::abs(p.x - position); });
  std::vector<uint32_t> synapses;
  for (int64_t k = 0; k < count; ++k)
    synapses.push_back(places[static_cast<size_t>(k) % places.size()].synapse);
  return synapses;
}

}  // namespace nt::network
