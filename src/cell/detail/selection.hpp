#pragma once
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "morphology/compartments.hpp"

namespace nt::cell {

/// The regions that a word names: soma, axon, basal, apical, other; under NEURON's names somatic, axonal,
/// dend, apic; or all. None if it names no region.
std::set<morphology::Region> regions_named(std::string_view word);

/// The regions of a key; InputError naming it if a word names none.
std::set<morphology::Region> read_regions(const config::Settings& settings, std::string_view key = "regions");

/// Which sections a table means: those that pass all that it says of
///   regions = ["dend"], sections = ["apic[36]", "dend[1*]"] (* and ? stand for any text and any letter),
///   swc_types = [3, 7], branch_order = [FROM, TO].
/// Without any of them `regions` is missing. InputError where no section is left.
std::vector<bool> select_sections(const config::Settings& settings,
                                  const std::vector<morphology::Section>& sections);

/// The compartments of these sections; with distance_um = [FROM, TO] those whose centre is so far from the
/// soma along the tree. InputError where none is left.
std::vector<int> select_compartments(const config::Settings& settings,
                                     const morphology::Compartments& geometry);

/// Of each section: 0 of the soma, 1 of what hangs on it or is a root, and one more behind each branch point.
std::vector<int> branch_orders(const std::vector<morphology::Section>& sections);

}  // namespace nt::cell
