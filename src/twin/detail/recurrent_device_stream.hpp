#pragma once
#include "twin/detail/recurrent_stream_code.hpp"
#include "twin/device_stream.hpp"
#include "twin/recurrent.hpp"

namespace nt::twin {

class RecurrentDeviceStream final : public DeviceStream {
 public:
  RecurrentDeviceStream(Twin& twin, const RecurrentSpec& spec, int64_t streams,
                        std::shared_ptr<device::Device> device);
  Outputs<float> advance(std::span<const int32_t> events, int64_t ms) override;
  void repeat() override;
  std::vector<float> states() const override;
  void set_states(std::span<const float> states) override;

 private:
  void launch();

  std::shared_ptr<device::Device> device_;
  device_code::RecurrentStreamArguments arguments_{};
  device::Array<float> weights_, sums_, memory_, scratch_, output_;
  device::Array<int32_t> first_contact_, event_;
  device::Array<device_code::Contact> contact_;
  device::Array<int64_t> first_event_;
  std::vector<float> by_ms_, by_stream_;  // outputs as they come, and as they are asked for
};

}  // namespace nt::twin
