#include "twin/device_stream.hpp"

#include "config/error.hpp"
#include "twin/detail/convolutional_device_stream.hpp"
#include "twin/detail/recurrent_device_stream.hpp"

namespace nt::twin {

std::unique_ptr<DeviceStream> device_stream(Twin& twin, int64_t streams,
                                            std::shared_ptr<device::Device> device) {
  if (const auto* spec = twin.spec().as<RecurrentSpec>())
    return std::make_unique<RecurrentDeviceStream>(twin, *spec, streams, std::move(device));
  if (const auto* spec = twin.spec().as<ConvolutionalSpec>())
    return std::make_unique<ConvolutionalDeviceStream>(twin, *spec, streams, std::move(device));
  fail_input("{} twins have no code for a GPU yet; use --device cpu", twin.network().kind());
}

}  // namespace nt::twin
