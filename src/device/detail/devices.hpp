#pragma once
#include "device/device.hpp"

namespace nt::device {

std::shared_ptr<Device> open_emulated();
/// InputError where the program was built without CUDA, or there is no GPU.
std::shared_ptr<Device> open_cuda();

}  // namespace nt::device
