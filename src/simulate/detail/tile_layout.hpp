#pragma once
#include <vector>

#include "simulate/detail/cable_code.hpp"
#include "simulate/detail/cable_plan.hpp"

namespace nt::simulate {

/// Where the state of a tile's trials lies in a device's memory: the number of the first float of each array
/// [row][lane].
struct TileLayout {
  int32_t v = 0, rhs = 0, d = 0, drive_start = 0, drive_middle = 0, drive_slope = 0, drive_v = 0;
  std::vector<int32_t> arrays;  // of each number of CablePlan::arrays
  struct Level {
    int32_t rhs, d;
  };
  struct Zone {
    std::vector<int32_t> groups;  // what each stores
    std::vector<Level> levels;
  };
  std::vector<Zone> zones;
  std::vector<int32_t> before;  // of each probe: v before the step
  int32_t floats = 0;           // of the whole tile
};
TileLayout tile_layout(const CablePlan<float>& plan, size_t probes);

}  // namespace nt::simulate
