// Prints the points of the built-in layer-5 tree, for NEURON: see draw_table in cell.py.
#include <fmt/core.h>

#include "morphology/layer_five_tree.hpp"

int main() {
  const auto tree = nt::morphology::layer_five_tree();
  for (const auto& section : tree.sections) {
    const auto parent = section.parent < 0 ? "-" : tree.sections[static_cast<size_t>(section.parent)].name;
    fmt::print("section {} {} {}\n", section.name, parent, section.parent_x);
    for (const auto& p : section.points) fmt::print("{} {} {} {}\n", p.x_um, p.y_um, p.z_um, p.diameter_um);
  }
}
