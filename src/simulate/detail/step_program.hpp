#pragma once
#include <vector>

#include "simulate/detail/tile_layout.hpp"

namespace nt::simulate {

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
