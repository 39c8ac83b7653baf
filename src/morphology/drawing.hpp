#pragma once
#include <string>

#include "morphology/compartments.hpp"

namespace nt::morphology {

/// The tree as a picture (SVG): seen along z, y upwards, each section as thick as it is and in the colour of
/// its region, with its name and measures as a tooltip, and a scale bar. `title`: its heading.
std::string drawn_as_svg(const Compartments& geometry, const std::string& title);

}  // namespace nt::morphology
