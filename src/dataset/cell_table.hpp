#pragma once
#include <string>
#include <vector>

#include "cell/neuron.hpp"

namespace neurontwin {

/// What a data set says of its neuron: the compartments, and on which of them each synapse sits. A point
/// neuron is one compartment without extent.
struct CellTable {
  // Of each compartment
  std::vector<std::string> section, region;
  std::vector<double> x;  // its middle, from 0 to 1 along its section
  std::vector<double> length_um, diameter_um, area_um2;
  std::vector<double> path_um;  // along the tree from the soma's middle to its own
  // Of each synapse
  std::vector<int> excitatory_compartment, inhibitory_compartment;
  // Of each compartment, which one comes before it on the way to the root; -1: the root. Not in files.
  std::vector<int> parent = {};
};
CellTable cell_table(const Neuron& neuron);

}  // namespace neurontwin
