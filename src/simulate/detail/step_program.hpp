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

/// The steps of a cell as device code goes through them (cable_code.hpp): what advance() and
/// evaluate_mechanisms() do on the CPU, operation by operation in the same order.
struct StepProgram {
  std::vector<device_code::Op> ops;
  std::vector<device_code::OpList> lists;
  std::vector<device_code::Section> sections;
  std::vector<int32_t> programs;                  // first section of each, and the end
  int32_t cycle = 1;                              // steps after which they come again
  std::vector<int32_t> integers;                  // the operations' lists
  std::vector<float> diagonal;                    // of the zones, and the coupling
  std::vector<int32_t> first_group, first_queue;  // of each zone, among those of all
};
StepProgram step_program(const CablePlan<float>& plan, const TileLayout& layout);

}  // namespace nt::simulate
