#pragma once
#include "run/experiment.hpp"

namespace nt::run {

/// Bytes of the largest arrays that the stages hold.
struct MemoryNeeded {
  double training = 0, evaluation = 0;
};
MemoryNeeded memory_needed(const Experiment& experiment);

/// InputError naming the setting if training or evaluation cannot fit into the memory that is free: their
/// largest arrays alone are more. What is refused here could not have been done; what is not may still run
/// out.
void require_memory(const Experiment& experiment);

}  // namespace nt::run
