#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cell/neuron.hpp"

namespace nt::dataset {

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
  // The named groups of its synapses, excitatory ones first, and of each synapse the weight and the delay of
  // its events, where it has a connection of its own; empty where no groups are named.
  std::vector<cell::SynapseBlock> groups = {};
  std::vector<double> excitatory_weight = {}, inhibitory_weight = {};
  std::vector<double> excitatory_delay_ms = {}, inhibitory_delay_ms = {};
  // Of each compartment, which one comes before it on the way to the root; -1: the root. Not in files.
  std::vector<int> parent = {};
};
CellTable cell_table(const cell::Neuron& neuron);

/// For data of which nobody knows where the synapses sit: a row of compartments with one of them each, the
/// two kinds mixed evenly. Neighbours by number count as neighbours.
CellTable synapses_in_a_row(int64_t excitatory, int64_t inhibitory);

/// Numbers the synapses of groups whose counts are known. False unless excitatory groups come first and all
/// of them together have so many synapses.
bool set_first(std::vector<cell::SynapseBlock>& groups, size_t excitatory, size_t inhibitory);

/// What a shard says; nothing if it says nothing. Without parents. InputError where it is damaged.
std::optional<CellTable> cell_table_in(const std::filesystem::path& shard);

}  // namespace nt::dataset
