#pragma once
#include "morphology/morphology.hpp"

namespace nt::morphology {

/// A point as NEURON's Import3d stores it: every number passes through the text "%.8g" to single precision.
Point stored_point(double x_um, double y_um, double z_um, double diameter_um);

/// A ball at a point, as a cylinder along x that is as long as it is thick: its area is the ball's.
std::vector<Point> ball(double x_um, double y_um, double z_um, double diameter_um);

}  // namespace nt::morphology
