#pragma once
#include <vector>

#include "morphology/compartments.hpp"

namespace nt::morphology {

/// Where the compartments lie in space: of each the traced line from its start to its end, two points or
/// more, with diameters. Neighbours in a section share a point. A section without 3-D points (a cylinder, as
/// an axon's stub) lies straight from where it hangs on: as its parent does if that is a cylinder too, else
/// away from the other sections. The root without points begins at the origin and points up (y).
std::vector<std::vector<Point>> lines_of(const Compartments& geometry);

}  // namespace nt::morphology
