#pragma once
#include "dataset/cell_table.hpp"
#include "twin/branch_sums.hpp"

namespace nt::twin {

/// Which branches of a dendrite merge on the way to its soma, layer by layer. Nodes of the first layer are
/// the branches, which the synapses feed; each node of a later layer is fed by some of the layer before.
struct MergeTree {
  Wiring leaves;
  /// Of each layer after the first: node n is fed by the nodes first[n] .. first[n + 1] - 1 of the layer
  /// before, of which every one feeds one.
  std::vector<std::vector<int64_t>> first_child;

  size_t layers() const { return first_child.size() + 1; }
  int64_t nodes(size_t layer) const {
    return layer == 0 ? leaves.branches : static_cast<int64_t>(first_child[layer - 1].size()) - 1;
  }
};

/// About `branches` connected pieces of the dendrite with much the same number of synapses, which merge to
/// one node in `layers` layers. In every layer the pieces grow by much the same factor: with B branches and n
/// layers, a piece of layer l is to hold the share B^(-(n - l) / (n - 1)) of all synapses. They are made from
/// the tips on: where dendrites meet, the parts that come from there are put together, the smallest ones
/// first, as long as that brings the sum nearer to this share; what has reached it stands alone. Pieces
/// without synapses are left out, so that a point neuron has one node in each layer.
MergeTree merge_tree(const dataset::CellTable& cell, int64_t branches, int64_t layers);

/// The same of synapses, two by two, in their order along the dendrite, until one node is left: in ceil(log2)
/// layers of their number, at least one. The last node of a layer may have one child. `trees` of them side by
/// side, each with all synapses.
MergeTree binary_tree(const dataset::CellTable& cell, int64_t trees);

}  // namespace nt::twin
