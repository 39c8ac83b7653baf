#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "device/device.hpp"

namespace nt::mechanism {

/// Device code (device/code.hpp) that is made where the program runs: for one cell.
struct DeviceSource {
  std::string text;                                          // of a .cu file with one kernel
  std::string kernel;                                        // its name
  std::vector<std::pair<std::string, std::string>> headers;  // path and text, beside those for mechanisms
  std::string what_for;                                      // in messages: the cell
};

/// Ready to be launched, as long as the program runs.
struct DeviceModule {
  device::KernelCode kernel;
  std::string image;  // what kernel.image shows
};

/// Compiles device code for a device of this architecture, by nvcc, or, where that is empty, for the
/// emulation, by the C++ compiler; and keeps it, as user's mechanisms are kept. InputError where there is no
/// compiler, or it refuses.
std::shared_ptr<const DeviceModule> compile_device_code(const DeviceSource& source,
                                                        const std::string& architecture);

}  // namespace nt::mechanism
