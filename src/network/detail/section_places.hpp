#pragma once
#include <string>
#include <vector>

#include "dataset/cell_table.hpp"
#include "network/spec.hpp"

namespace nt::network {

/// The chosen synapses of a neuron by section and position, as SONATA's edges name places
/// (afferent_section_id, afferent_section_pos; Dai et al. 2020, PLoS Comput Biol 16:e1007696): sections are
/// numbered from 0, those of the soma first, then axon, basal and apical dendrites, then others, each in the
/// cell's order.
class SectionPlaces {
 public:
  SectionPlaces(const SynapseChoice& choice, const dataset::CellTable& table);

  /// Whether the neuron has sections to tell apart; a point neuron has none.
  bool has_sections() const { return names_.size() > 1; }
  /// So many synapses of the section, the nearest to `position` (0 .. 1 along it) first, and again from the
  /// nearest where there are fewer. InputError at `where` if there is no such section, position, or synapse
  /// on it.
  std::vector<uint32_t> nearest(int64_t section, double position, int64_t count,
                                const std::string& where) const;

 private:
  struct Place {
    double x;
    uint32_t synapse;
  };
  std::string group_;
  std::vector<std::string> names_;          // of the sections
  std::vector<std::vector<Place>> places_;  // of each section, by synapse
};

}  // namespace nt::network
