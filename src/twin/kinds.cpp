#include "twin/convolutional.hpp"
#include "twin/recurrent.hpp"

namespace neurontwin {

const std::vector<NetworkKind>& network_kinds() {
  static const std::vector<NetworkKind> kinds{convolutional_kind(), recurrent_kind()};
  return kinds;
}

}  // namespace neurontwin
