#include "twin/device_network.hpp"

#include "config/error.hpp"
#include "twin/detail/recurrent_device_network.hpp"

namespace nt::twin {

std::unique_ptr<Network<float>> device_network(const TwinSpec& spec, const ParameterLayout& layout,
                                               std::shared_ptr<device::Device> device) {
  if (const auto* recurrent = spec.as<RecurrentSpec>())
    return std::make_unique<RecurrentDeviceNetwork>(*recurrent, layout, std::move(device));
  fail_input("{} twins have no code to train them on a GPU yet; use --device cpu", spec.network->kind());
}

}  // namespace nt::twin
