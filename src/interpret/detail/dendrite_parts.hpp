#pragma once
#include <string>
#include <utility>
#include <vector>

#include "cell/detailed.hpp"

namespace nt::interpret {

/// The compartments of each part of the dendrites (morphology/parts.hpp) by its name: "basal", "oblique",
/// "trunk", "tuft". Parts that the cell has not are left out.
std::vector<std::pair<std::string, std::vector<int>>> dendrite_parts(const cell::DetailedCell& cell);

}  // namespace nt::interpret
