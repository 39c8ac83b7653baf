#pragma once
#include <array>
#include <memory>
#include <vector>

#include "mechanism/device_module.hpp"
#include "simulate/detail/cable_plan.hpp"

namespace nt::simulate {

/// The device code of a cell: cable_code.hpp with the kernels of its mechanisms.
struct CableModule {
  std::shared_ptr<const mechanism::DeviceModule> module;
  /// Of each placement: the numbers of its kernels, the current and the two parts of the advance; -1: none.
  std::vector<std::array<int32_t, 3>> kernels;
};

/// Compiled for a device of this architecture at first use. InputError where there is no compiler.
CableModule cable_module(const cell::DetailedCell& cell, const std::string& architecture);

}  // namespace nt::simulate
