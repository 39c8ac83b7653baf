#pragma once
#include "device/device.hpp"
#include "device/products.hpp"

namespace nt::device {

std::shared_ptr<Device> open_emulated();
/// InputError where the program was built without CUDA, or there is no GPU.
std::shared_ptr<Device> open_cuda();
/// Whether there is anything to launch. RunError where a GPU refuses the grid.
bool is_launched(const Device& device, const KernelCode& kernel, const Grid& grid);
/// Null where the program was built without cuBLAS's headers, or the machine has no such library.
std::unique_ptr<MatrixProducts> open_cublas();

}  // namespace nt::device
