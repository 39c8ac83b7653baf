#include "simulate/node_order.hpp"

#include <algorithm>
#include <numeric>

namespace nt::simulate {

NodeOrder order_nodes(const morphology::Compartments& geometry) {
  const size_t n = geometry.nodes.size();
  std::vector<int> depth(n);
  std::vector<char> in_root(n);
  for (size_t i = 0; i < n; ++i) {
    const auto& node = geometry.nodes[i];
    const auto parent = static_cast<size_t>(std::max(node.parent, 0));
    depth[i] = node.parent < 0 ? 0 : depth[parent] + 1;
    if (node.compartment >= 0) {
      const auto region = geometry.region(node.compartment);
      in_root[i] = (region == morphology::Region::soma || region == morphology::Region::axon) &&
                   (node.parent < 0 || in_root[parent]);
    } else {
      in_root[i] = in_root[parent];
    }
  }
  std::vector<int> order(n);
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](int i) { return std::pair(!in_root[i], depth[i]); };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return key(a) < key(b); });

  NodeOrder out;
  std::vector<int> place(n);
  for (size_t i = 0; i < n; ++i) place[order[i]] = static_cast<int>(i);
  for (const int i : order) {
    out.nodes.push_back(geometry.nodes[i]);
    auto& parent = out.nodes.back().parent;
    if (parent >= 0) parent = place[parent];
  }
  for (const int node : geometry.node_of) out.node_of.push_back(place[node]);
  out.root_nodes = static_cast<int>(std::count(in_root.begin(), in_root.end(), 1));
  return out;
}

}  // namespace nt::simulate
