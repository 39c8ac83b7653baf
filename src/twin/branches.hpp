#pragma once
#include "dataset/cell_table.hpp"
#include "twin/branch_sums.hpp"

namespace neurontwin {

/// The synapses of a cell put on about `branches` branches: runs of neighbouring compartments in the order
/// of the cell's sections, with much the same number of synapses each, which end where a section does if one
/// ends near by. Excitatory and inhibitory synapses of a stretch are on the same branch, and no branch is
/// without synapses: a point neuron has one. With `overlap` a synapse also feeds the branches before and
/// after its own.
Wiring wire_branches(const CellTable& cell, int64_t branches, bool overlap);

}  // namespace neurontwin
