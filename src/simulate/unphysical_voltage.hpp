#pragma once
#include "config/error.hpp"

namespace nt::simulate {

/// A voltage that no membrane has, or none at all: the simulation ends there. `description` says where, when
/// and by which mechanism.
struct UnphysicalVoltage : RunError {
  UnphysicalVoltage(size_t trial_, const std::string& description_)
      : RunError(fmt::format("trial {}: {}", trial_, description_)),
        trial(trial_),
        description(description_) {}
  size_t trial;  // among those simulated together
  std::string description;
};

}  // namespace nt::simulate
