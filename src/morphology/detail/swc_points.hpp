#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nt::morphology {

/// A line of an SWC file.
struct SwcPoint {
  int64_t id = 0;
  int type = 0;  // 1 soma, 2 axon, 3 basal, 4 apical dendrite
  double x_um = 0, y_um = 0, z_um = 0, diameter_um = 0;
  int64_t parent_id = -1;
  int line = 0;
  int parent = -1;  // its place in the list; -1: a root
};

/// The points of an SWC file by ascending number, each with its parent. What follows seven numbers in a line
/// is left alone, and a parent 0 is none where no point has the number 0, both as NEURON does. InputError
/// naming name:line.
std::vector<SwcPoint> read_swc_points(std::string_view text, const std::string& name);

/// Whether each point comes after its parent.
bool parents_come_first(const std::vector<SwcPoint>& points);

/// The same points in depth-first order: each branch in one piece, after its parent.
std::vector<SwcPoint> depth_first(const std::vector<SwcPoint>& points);

}  // namespace nt::morphology
