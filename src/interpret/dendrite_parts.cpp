#include "interpret/detail/dendrite_parts.hpp"

#include "morphology/parts.hpp"

namespace nt::interpret {

std::vector<std::pair<std::string, std::vector<int>>> dendrite_parts(const cell::DetailedCell& cell) {
  const auto& g = cell.geometry;
  const auto of_section = parts_of(g.sections);
  std::vector<std::pair<std::string, std::vector<int>>> parts;
  for (const auto part : {morphology::Part::basal, morphology::Part::oblique, morphology::Part::trunk,
                          morphology::Part::tuft}) {
    std::vector<int> compartments;
    for (size_t c = 0; c < g.compartments.size(); ++c)
      if (of_section[g.compartments[c].section] == part) compartments.push_back(static_cast<int>(c));
    if (!compartments.empty()) parts.emplace_back(name_of(part), std::move(compartments));
  }
  return parts;
}

}  // namespace nt::interpret
