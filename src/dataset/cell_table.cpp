#include "dataset/cell_table.hpp"

namespace neurontwin {

CellTable cell_table(const Neuron& neuron) {
  CellTable table;
  table.excitatory_compartment = excitatory_compartments(neuron);
  table.inhibitory_compartment = inhibitory_compartments(neuron);
  const auto* cell = std::get_if<DetailedCell>(&neuron);
  if (cell == nullptr) {
    table.section = table.region = {"soma"};
    for (auto* column : {&table.x, &table.length_um, &table.diameter_um, &table.area_um2, &table.path_um})
      *column = {0};
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
  }
  return table;
}

}  // namespace neurontwin
