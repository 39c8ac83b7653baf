#pragma once
#include "device/products.hpp"
#include "twin/convolutional.hpp"
#include "twin/detail/activation_norm_code.hpp"
#include "twin/detail/convolution_code.hpp"
#include "twin/detail/event_filters_code.hpp"
#include "twin/detail/heads_code.hpp"
#include "twin/detail/heads_packing.hpp"
#include "twin/device_passes.hpp"

namespace nt::twin {

class ConvolutionalDevicePasses final : public DevicePasses, public ResidentPasses {
 public:
  ConvolutionalDevicePasses(const ConvolutionalSpec& spec, std::span<const Head> heads,
                            const ParameterLayout& layout, int64_t channels,
                            std::shared_ptr<device::Device> device,
                            std::unique_ptr<device::MatrixProducts> products);

  Outputs<float> forward(std::span<float> numbers, const DeviceInput& input, NormBy norm,
                         bool backward) override;
  void backward(std::span<const float> numbers, const DeviceInput& input,
                std::span<const float> output_gradient, std::span<float> gradients) override;

  ResidentPasses* resident() override { return this; }
  const std::shared_ptr<device::Device>& device() const override { return device_; }
  device::Array<float>& numbers() override { return numbers_; }
  device::Array<float>& gradients() override { return gradient_; }
  Outputs<float> forward(const DeviceInput& input, NormBy norm, bool backward) override;
  void backward(const DeviceInput& input, std::span<const float> output_gradient) override;

 private:
  /// Where a layer's numbers lie in the twin's.
  struct Places {
    int64_t weight, bias, scale = -1, shift = -1, mean = -1, variance = -1;
  };
  /// A layer's own arrays on the device.
  struct Layer {
    device::Array<float> x, y;
    device::Array<double> total;
    device_code::ConvolutionArguments convolution{};
    device_code::NormArguments norm{};
  };
  void make_room(const DeviceInput& input, bool backward);
  void point_to_arrays(const DeviceInput& input, NormBy norm);
  /// After its product: activation, normalisation and what is added.
  void finish_layer(size_t i);
  /// From the gradient of a layer's y to that of its product.
  void enter_layer(size_t i);
  void first_layer_gradient(const DeviceInput& input);
  void launch(const device::KernelCode& kernel, int64_t blocks, const device_code::NormArguments& arguments);
  /// By the library, if there is one.
  void multiply_forward(const device_code::ConvolutionArguments& arguments);
  void multiply_back(const device_code::ConvolutionArguments& arguments);
  void launch_product(const device::KernelCode& kernel, int64_t rows, int64_t columns,
                      const device_code::ConvolutionArguments& arguments);
  int64_t duration_of(size_t layer, int64_t window_ms) const;

  ConvolutionalSpec spec_;
  int64_t channels_, trained_, total_;
  HeadsPacking packing_;
  std::vector<Places> places_;
  std::shared_ptr<device::Device> device_;
  std::unique_ptr<device::MatrixProducts> products_;  // null: by kernels
  device_code::EventFiltersArguments events_{};
  device_code::ShapedFiltersArguments shaped_{};
  device_code::HeadsArguments heads_{};
  std::vector<Layer> layers_;
  device_code::PackHeadsArguments pack_{};
  std::vector<float> outputs_;
  // On the device. Of gradients of signals there are two, since a residual layer hands its own on.
  device::Array<float> numbers_, gradient_, packed_, function_, filter_, answer_, answer_gradient_,
      heads_gradient_, heads_total_, x_gradient_, y_gradient_[2];
  device::Array<double> partial_, second_partial_;
  device::Array<int64_t> head_place_;
  device::Array<float> head_added_;
};

}  // namespace nt::twin
