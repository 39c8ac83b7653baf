// Prints the sections and points of the built-in layer-5 tree, or of a reconstruction, for NEURON: see
// draw_table in cell.py, and ../morphology_test.py.
#include <fmt/core.h>

#include "config/error.hpp"
#include "morphology/layer_five_tree.hpp"

namespace {

void print(const nt::morphology::Morphology& tree) {
  for (const auto& section : tree.sections) {
    const auto parent = section.parent < 0 ? "-" : tree.sections[static_cast<size_t>(section.parent)].name;
    fmt::print("section {} {} {}\n", section.name, parent, section.parent_x);
    for (const auto& p : section.points) fmt::print("{} {} {} {}\n", p.x_um, p.y_um, p.z_um, p.diameter_um);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    print(argc > 1 ? nt::morphology::read_morphology(argv[1]) : nt::morphology::layer_five_tree());
  } catch (const nt::InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
