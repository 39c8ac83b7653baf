#pragma once
#include <array>
#include <vector>

namespace nt::morphology {

/// The outline of a soma: x, y, z of its points, in um.
using Contour = std::vector<std::array<double, 3>>;

/// A stack of frusta (x, y, z, diameter) for the outlines of a soma, as NEURON's Import3d makes it: of one
/// outline, 21 slices along its longer axis, or none if it has no extent; of several, one point each.
std::vector<std::array<double, 4>> soma_frusta(const std::vector<Contour>& contours);

}  // namespace nt::morphology
