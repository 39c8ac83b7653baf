#pragma once
#include <vector>

#include "morphology/compartments.hpp"

namespace nt::simulate {

/// The nodes of the cable equation in the order in which the solver works on them.
struct NodeOrder {
  std::vector<morphology::CableNode> nodes;  // each after its parent, whose number is one in this order
  std::vector<int> node_of;                  // of each compartment
  int root_nodes = 0;                        // how many lie in the soma and the axon: the first
};

/// Soma and axon first, then by the number of nodes on the way to the root. Neighbours in this order lie on
/// different branches, so that the solver need not wait for one to go on with the next.
NodeOrder order_nodes(const morphology::Compartments& geometry);

}  // namespace nt::simulate
