#include "interpret/dendrite_parts.hpp"

#include <algorithm>

namespace neurontwin {
namespace {

/// Of each compartment the next one towards the soma; -1 of the root. Nodes without membrane are passed over.
std::vector<int> parents_of(const Compartments& geometry) {
  std::vector<int> parents;
  for (const int node : geometry.node_of) {
    int up = geometry.nodes[static_cast<size_t>(node)].parent;
    while (up >= 0 && geometry.nodes[static_cast<size_t>(up)].compartment < 0)
      up = geometry.nodes[static_cast<size_t>(up)].parent;
    parents.push_back(up < 0 ? -1 : geometry.nodes[static_cast<size_t>(up)].compartment);
  }
  return parents;
}

}  // namespace

std::vector<std::pair<std::string, std::vector<int>>> dendrite_parts(const DetailedCell& cell) {
  const auto& g = cell.geometry;
  const auto parent = parents_of(g);
  const size_t n = parent.size();
  std::vector<int> basal, apical, trunk, oblique, tuft;
  std::vector<bool> on_trunk(n, false);
  if (cell.nexus)
    for (int c = *cell.nexus; c >= 0; c = parent[static_cast<size_t>(c)])
      on_trunk[static_cast<size_t>(c)] = true;
  // The branch that each compartment is on: its first compartment off the trunk.
  const auto branch_of = [&](int c) {
    while (parent[static_cast<size_t>(c)] >= 0 &&
           !on_trunk[static_cast<size_t>(parent[static_cast<size_t>(c)])])
      c = parent[static_cast<size_t>(c)];
    return static_cast<size_t>(c);
  };
  std::vector<double> reach_um(n, 0);  // of the branch that begins here
  for (int c = 0; c < static_cast<int>(n); ++c) {
    const auto& here = g.compartments[static_cast<size_t>(c)];
    auto& reach = reach_um[branch_of(c)];
    reach = std::max(reach, here.path_um + here.length_um / 2);
  }
  for (int c = 0; c < static_cast<int>(n); ++c) {
    if (g.region(c) == Region::basal) basal.push_back(c);
    if (g.region(c) != Region::apical) continue;
    if (!cell.nexus)
      apical.push_back(c);
    else if (on_trunk[static_cast<size_t>(c)])
      trunk.push_back(c);
    else if (reach_um[branch_of(c)] > g.compartments[static_cast<size_t>(*cell.nexus)].path_um)
      tuft.push_back(c);
    else
      oblique.push_back(c);
  }
  std::vector<std::pair<std::string, std::vector<int>>> parts{
      {"basal", basal}, {"apical", apical}, {"oblique", oblique}, {"trunk", trunk}, {"tuft", tuft}};
  std::erase_if(parts, [](const auto& part) { return part.second.empty(); });
  return parts;
}

}  // namespace neurontwin
