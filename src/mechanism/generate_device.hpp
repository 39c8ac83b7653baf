#pragma once
#include <array>
#include <string>

#include "mechanism/mechanism.hpp"

namespace nt::mechanism {

/// A mechanism's kernels as device code (device/code.hpp), in float, for device_lanes_code.hpp; they take
/// what layout_of() (generate.hpp) says of float.
struct DeviceKernels {
  std::string code;                    // functions whose names begin with the prefix
  std::string current;                 // how to name them in a call; empty: there is nothing to do
  std::array<std::string, 2> advance;  // the fast part, the slow
};
DeviceKernels generate_device_kernels(const Mechanism& mechanism, const std::string& prefix);

}  // namespace nt::mechanism
