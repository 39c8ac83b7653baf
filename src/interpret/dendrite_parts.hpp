#pragma once
#include <string>
#include <utility>
#include <vector>

#include "cell/detailed.hpp"

namespace neurontwin {

/// The compartments of each part of the dendrites, by name; parts that the cell has not are left out.
/// "basal"; and of the apical tree, where the cell names a nexus, "trunk": the way from the soma to the
/// nexus, "tuft": what lies beyond it, and side branches of the trunk that reach farther from the soma than
/// the nexus, "oblique": the other side branches. Without a nexus it is "apical" as a whole.
std::vector<std::pair<std::string, std::vector<int>>> dendrite_parts(const DetailedCell& cell);

}  // namespace neurontwin
