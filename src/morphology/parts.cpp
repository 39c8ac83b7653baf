#include "morphology/parts.hpp"

#include <algorithm>

#include "morphology/compartments.hpp"

namespace nt::morphology {
namespace {

constexpr double kTuftShare =
    1.0 / 3;  // of the greatest child's dendrite; obliques of the published cell bear a seventh at most

Part part_outside_apical(Region region) {
  switch (region) {
    case Region::soma:
      return Part::soma;
    case Region::axon:
      return Part::axon;
    case Region::basal:
      return Part::basal;
    default:
      return Part::other;
  }
}

/// Walks from where an apical dendrite begins to the end of its trunk. `bears_um`: the dendrite from each
/// section on.
void mark_apical(int stem, const std::vector<std::vector<int>>& children, std::span<const double> bears_um,
                 std::vector<Part>& part) {
  const auto mark = [&](int from, Part as) {  // and all that grows on it
    std::vector<int> marked{from};
    for (size_t k = 0; k < marked.size(); ++k) {
      const auto section = static_cast<size_t>(marked[k]);
      part[section] = as;
      marked.insert(marked.end(), children[section].begin(), children[section].end());
    }
  };
  const auto bears = [&](int section) { return bears_um[section]; };
  for (int at = stem;;) {
    part[at] = Part::trunk;
    auto next = children[at];
    if (next.empty()) return;
    std::sort(next.begin(), next.end(), [&](int a, int b) { return bears(a) > bears(b); });
    const bool main_bifurcation = next.size() > 1 && bears(next[1]) >= kTuftShare * bears(next[0]);
    for (const int child : next) {
      if (main_bifurcation) {
        mark(child, Part::tuft);
      } else if (child != next[0]) {
        mark(child, Part::oblique);
      }
    }
    if (main_bifurcation) return;
    at = next[0];
  }
}

}  // namespace

std::string_view name_of(Part part) {
  constexpr std::array<std::string_view, kParts.size()> names{"soma",    "axon", "basal", "trunk",
                                                              "oblique", "tuft", "other"};
  return names[static_cast<size_t>(part)];
}

std::vector<Part> parts_of(std::span<const Section> sections) {
  std::vector<Part> part;
  std::vector<std::vector<int>> children(sections.size());
  std::vector<double> bears_um;
  for (size_t i = 0; i < sections.size(); ++i) {
    part.push_back(part_outside_apical(sections[i].region));
    bears_um.push_back(length_um(sections[i]));
    if (sections[i].region == Region::apical && sections[i].parent >= 0)
      children[sections[i].parent].push_back(static_cast<int>(i));
  }
  for (size_t i = sections.size(); i-- > 1;) {
    if (sections[i].region == Region::apical && sections[i].parent >= 0)
      bears_um[sections[i].parent] += bears_um[i];
  }
  for (size_t i = 0; i < sections.size(); ++i) {
    const int parent = sections[i].parent;
    const bool begins = parent < 0 || sections[parent].region != Region::apical;
    if (sections[i].region == Region::apical && begins)
      mark_apical(static_cast<int>(i), children, bears_um, part);
  }
  return part;
}

}  // namespace nt::morphology
