#include "network/synapses.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "twin/twin_file.hpp"

namespace nt::network {
namespace {

/// First and last + 1 of a group, among all synapses.
std::pair<size_t, size_t> range_of(const SynapseChoice& choice, const dataset::CellTable& table) {
  const size_t excitatory = table.excitatory_compartment.size(),
               inhibitory = table.inhibitory_compartment.size();
  std::vector<std::string> names{"excitatory", "inhibitory"};
  if (choice.group == "excitatory") return {0, excitatory};
  if (choice.group == "inhibitory") return {excitatory, excitatory + inhibitory};
  for (const auto& group : table.groups) {
    names.push_back(group.name);
    if (group.name != choice.group) continue;
    const size_t first = static_cast<size_t>(group.first) + (group.excitatory ? 0 : excitatory);
    return {first, first + static_cast<size_t>(group.count)};
  }
  fail_input("{}: there is no group of synapses '{}'; there are {}", choice.where, choice.group,
             fmt::join(names, ", "));
}

size_t compartment_of(const dataset::CellTable& table, size_t synapse) {
  const size_t excitatory = table.excitatory_compartment.size();
  return static_cast<size_t>(synapse < excitatory ? table.excitatory_compartment[synapse]
                                                  : table.inhibitory_compartment[synapse - excitatory]);
}

bool is_chosen(const SynapseChoice& choice, const dataset::CellTable& table, size_t synapse) {
  const bool everywhere = choice.regions.empty() && choice.nearest_um <= 0 &&
                          choice.farthest_um == std::numeric_limits<double>::infinity();
  if (everywhere) return true;
  const size_t c = compartment_of(table, synapse);
  if (!choice.regions.empty() && std::ranges::find(choice.regions, table.region[c]) == choice.regions.end())
    return false;
  return table.path_um[c] >= choice.nearest_um && table.path_um[c] <= choice.farthest_um;
}

}  // namespace

dataset::CellTable synapses_of(const Population& population) {
  if (population.kind == Kind::cell) return dataset::cell_table(*population.cell);
  const twin::TwinFile file(population.twin);
  const auto& description = file.description();
  if (!description.cell.section.empty()) return description.cell;
  return dataset::synapses_in_a_row(description.excitatory_synapses, description.inhibitory_synapses);
}

std::vector<uint32_t> chosen_synapses(const SynapseChoice& choice, const dataset::CellTable& table) {
  const size_t all = table.excitatory_compartment.size() + table.inhibitory_compartment.size();
  std::vector<uint32_t> chosen;
  for (const int64_t number : choice.numbers) {
    if (number >= static_cast<int64_t>(all))
      fail_input("{}: there is no synapse {}; the neuron has {} synapses, numbered from 0", choice.where,
                 number, all);
    chosen.push_back(static_cast<uint32_t>(number));
  }
  if (!choice.numbers.empty()) {
    std::ranges::sort(chosen);
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    return chosen;
  }
  const auto [first, end] = range_of(choice, table);
  for (size_t s = first; s < end; ++s)
    if (is_chosen(choice, table, s)) chosen.push_back(static_cast<uint32_t>(s));
  if (chosen.empty())
    fail_input("{}: no synapse of the group '{}' is in these regions and at these distances", choice.where,
               choice.group);
  return chosen;
}

}  // namespace nt::network
