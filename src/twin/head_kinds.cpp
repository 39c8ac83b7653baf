#include "twin/heads.hpp"

namespace nt::twin {

HeadKind spike_head();
HeadKind soma_head();
HeadKind dendrites_head();
HeadKind near_spike_head();
HeadKind count_head();
HeadKind targets_head();

const std::vector<HeadKind>& head_kinds() {
  static const std::vector<HeadKind> kinds{spike_head(),      soma_head(),  dendrites_head(),
                                           near_spike_head(), count_head(), targets_head()};
  return kinds;
}

}  // namespace nt::twin
