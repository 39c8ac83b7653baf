#pragma once
#include "twin/convolutional.hpp"
#include "twin/detail/convolutional_stream_code.hpp"
#include "twin/device_stream.hpp"

namespace nt::twin {

class ConvolutionalDeviceStream final : public DeviceStream {
 public:
  ConvolutionalDeviceStream(Twin& twin, const ConvolutionalSpec& spec, int64_t streams,
                            std::shared_ptr<device::Device> device);
  Outputs<float> advance(std::span<const int32_t> events, int64_t ms) override;
  void repeat() override;
  std::vector<float> states() const override;
  void set_states(std::span<const float> states) override;

 private:
  /// Rows of a ring that the CPU keeps, oldest first, as this does: `first` is the oldest one's ms.
  struct KeptRows {
    int64_t ring, first, width;
    int rows, kept;
  };
  void add_layers(const Twin& twin);
  void add_heads(const Twin& twin);
  const float* kept(std::span<const float> values);
  std::vector<KeptRows> kept_rows() const;
  /// take(place of a number in the block's state) for all that Twin::Stream::state lists, in its order.
  template <class Take>
  void for_each_number(int64_t stream, Take&& take) const;
  void launch();

  const ConvolutionalSpec& spec_;
  std::shared_ptr<device::Device> device_;
  device_code::ConvolutionalStreamArguments arguments_{};
  std::vector<device_code::ConvolutionalLayer> layers_;
  std::vector<device::Array<float>> numbers_;
  device::Array<device_code::ConvolutionalLayer> layer_;
  device::Array<float> state_, output_;
  device::Array<int64_t> first_event_, next_event_;
  device::Array<int32_t> event_;
  std::vector<int64_t> first_;  // of each stream, as they were at the last advance()
  std::vector<float> by_ms_, by_stream_;
};

}  // namespace nt::twin
