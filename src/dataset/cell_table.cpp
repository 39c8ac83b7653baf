#include "dataset/cell_table.hpp"

namespace neurontwin {
namespace {

/// Points without membrane between two compartments are passed over.
int compartment_before(const Compartments& geometry, size_t compartment) {
  const auto node = [&](int n) -> const CableNode& { return geometry.nodes[static_cast<size_t>(n)]; };
  int at = node(geometry.node_of[compartment]).parent;
  while (at >= 0 && node(at).compartment < 0) at = node(at).parent;
  return at < 0 ? -1 : node(at).compartment;
}

}  // namespace

CellTable cell_table(const Neuron& neuron) {
  CellTable table;
  table.excitatory_compartment = excitatory_compartments(neuron);
  table.inhibitory_compartment = inhibitory_compartments(neuron);
  const auto* cell = std::get_if<DetailedCell>(&neuron);
  if (cell == nullptr) {
    table.section = table.region = {"soma"};
    for (auto* column : {&table.x, &table.length_um, &table.diameter_um, &table.area_um2, &table.path_um})
      *column = {0};
    table.parent = {-1};
    return table;
  }
  for (const auto& c : cell->geometry.compartments) {
    const auto& section = cell->geometry.sections[static_cast<size_t>(c.section)];
    table.section.push_back(section.name);
    table.region.emplace_back(name_of(section.region));
    table.x.push_back(c.x);
    table.length_um.push_back(c.length_um);
    table.diameter_um.push_back(c.diameter_um);
    table.area_um2.push_back(c.area_um2);
    table.path_um.push_back(c.path_um);
    table.parent.push_back(compartment_before(cell->geometry, table.parent.size()));
  }
  return table;
}

}  // namespace neurontwin
