#pragma once
#include <memory>

#include "device/device.hpp"
#include "twin/spec.hpp"

namespace nt::twin {

/// A twin's passes and gradients by a device, for a twin of this layout: to the rounding of float those of
/// spec.network->network(), and the same bits for the same input every time (docs/gpu.md). InputError where
/// the twin's kind has no device code for training.
std::unique_ptr<Network<float>> device_network(const TwinSpec& spec, const ParameterLayout& layout,
                                               std::shared_ptr<device::Device> device);

}  // namespace nt::twin
