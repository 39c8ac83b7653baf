#pragma once
#include "dataset/cell_table.hpp"
#include "twin/branch_sums.hpp"

namespace nt::twin {

/// The synapses of a cell put on about `branches` branches: runs of neighbouring compartments in the order
/// of the cell's sections, with much the same number of synapses each, which end where a section does if one
/// ends near by. Excitatory and inhibitory synapses of a stretch are on the same branch, and no branch is
/// without synapses: a point neuron has one. With `overlap` a synapse also feeds the branches before and
/// after its own.
///
/// Each stretch has one leaky sum for each of `tau_ms`, and for inhibitory synapses sums of their own if
/// `inhibitory_tau_ms` has some; else these are added to the others. All sums of the first time constant
/// come first. A synapse has a weight of its own for each sum that it feeds.
struct BranchTimes {
  std::vector<double> tau_ms{5}, inhibitory_tau_ms{};
};
Wiring wire_branches(const dataset::CellTable& cell, int64_t branches, bool overlap,
                     const BranchTimes& times = {});

}  // namespace nt::twin
