#include "twin/convolutional.hpp"
#include "twin/recurrent.hpp"
#include "twin/tree.hpp"

namespace nt::twin {

const std::vector<NetworkKind>& network_kinds() {
  static const std::vector<NetworkKind> kinds{convolutional_kind(), recurrent_kind(), tree_kind(),
                                              k_tree_kind()};
  return kinds;
}

}  // namespace nt::twin
