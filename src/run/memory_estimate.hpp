#pragma once
#include "run/experiment.hpp"

namespace nt::run {

/// InputError naming the setting if training or evaluation cannot fit into the memory that is free: their
/// largest arrays alone are more. What is refused here could not have been done; what is not may still run
/// out.
void require_memory(const Experiment& experiment);

}  // namespace nt::run
