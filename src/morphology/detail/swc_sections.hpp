#pragma once
#include <optional>
#include <vector>

#include "morphology/detail/swc_points.hpp"

namespace nt::morphology {

/// A section as NEURON's Import3d_SWC_read makes it of points.
struct SwcSection {
  int first = 0, end = 0;  // its points, one after the other
  int parent = -1;         // a section before it; -1: the root
  double parent_x = 1;     // where on the parent it begins
  int begins_at = -1;      // a point of the parent that it begins with; -1: none, as the root
  double begins_um = 0;    // the diameter there
  bool by_wire = false;    // a wire without length or resistance leads to its own first point
};

/// The sections that NEURON 8.2.2 (share/lib/hoc/import3d/read_swc.hoc, Import3d_SWC_read) makes of points
/// whose parents come first: its rules one by one, for which the order of the points matters. None if a
/// section of NEURON's joins points that are no neighbours: then the order of the points hides the branches.
std::optional<std::vector<SwcSection>> sections_as_neuron(std::vector<SwcPoint> points);

}  // namespace nt::morphology
