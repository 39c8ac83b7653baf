#pragma once
#include "device/device.hpp"
#include "twin/detail/heads_code.hpp"

namespace nt::twin {

constexpr int kPassThreads = 128;  // of a block, in the passes of training

// Launches of heads_training.cu.
void launch_heads_forward(device::Device& device, const device_code::HeadsArguments& arguments);
void launch_heads_backward(device::Device& device, const device_code::HeadsArguments& arguments);
void launch_pack_heads(device::Device& device, const device_code::PackHeadsArguments& arguments);
void launch_unpack_heads(device::Device& device, const device_code::PackHeadsArguments& arguments);
void launch_add_windows(device::Device& device, const device_code::AddWindowsArguments& arguments);

}  // namespace nt::twin
