#include "twin/detail/convolutional_device_passes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "device/built_in.hpp"
#include "twin/after_convolution.hpp"
#include "twin/detail/convolution_products.hpp"
#include "twin/detail/device_heads.hpp"
#include "twin/temporal_basis.hpp"

#define NT_TRAINING_KERNEL(NAME) NT_DECLARE_KERNEL(convolutional_training, NAME)
NT_TRAINING_KERNEL(neurontwin_event_filters)
NT_TRAINING_KERNEL(neurontwin_event_filters_backward)
NT_TRAINING_KERNEL(neurontwin_shaped_filters)
NT_TRAINING_KERNEL(neurontwin_shaped_filters_backward)
NT_TRAINING_KERNEL(neurontwin_convolution_forward)
NT_TRAINING_KERNEL(neurontwin_convolution_weight_gradient)
NT_TRAINING_KERNEL(neurontwin_convolution_input_gradient)
NT_TRAINING_KERNEL(neurontwin_norm_activate)
NT_TRAINING_KERNEL(neurontwin_norm_average)
NT_TRAINING_KERNEL(neurontwin_norm_deviations)
NT_TRAINING_KERNEL(neurontwin_norm_variance)
NT_TRAINING_KERNEL(neurontwin_norm_apply)
NT_TRAINING_KERNEL(neurontwin_norm_gradient_sums)
NT_TRAINING_KERNEL(neurontwin_norm_gradients)
NT_TRAINING_KERNEL(neurontwin_norm_input_gradient)
NT_TRAINING_KERNEL(neurontwin_norm_bias_gradient)
NT_TRAINING_KERNEL(neurontwin_norm_add_gradient)
#define NT_TRAINING(NAME) NT_BUILT_IN(convolutional_training, NAME)

namespace nt::twin {

ConvolutionalDevicePasses::ConvolutionalDevicePasses(const ConvolutionalSpec& spec,
                                                     std::span<const Head> heads,
                                                     const ParameterLayout& layout, int64_t channels,
                                                     std::shared_ptr<device::Device> device,
                                                     std::unique_ptr<device::MatrixProducts> products)
    : spec_(spec),
      channels_(channels),
      trained_(layout.trained()),
      total_(layout.total()),
      packing_(heads, layout, spec.features()),
      device_(std::move(device)),
      products_(std::move(products)),
      layers_(spec.layers.size()) {
  for (size_t i = 0; i < spec_.layers.size(); ++i) {
    const auto at = [&](const char* what) { return layout.offset(fmt::format("layer{}_{}", i + 1, what)); };
    places_.push_back({at("weight"), at("bias")});
    if (spec_.batch_norm)
      places_.back() = {at("weight"),     at("bias"),      at("norm_scale"),
                        at("norm_shift"), at("norm_mean"), at("norm_variance")};
  }
  const auto& first = spec_.layers.front();
  numbers_ = {device_, static_cast<size_t>(total_)};
  gradient_ = {device_, static_cast<size_t>(trained_)};
  gradient_.fill_zero();  // what lies between the arrays stays zero
  device_->wait();        // another thread's kernels would not
  packed_ = {device_, static_cast<size_t>(packing_.count())};
  heads_total_ = {device_, static_cast<size_t>(packing_.count())};
  head_place_ = {device_, packing_.places()};
  head_added_ = {device_, packing_.added()};
  pack_ = {packing_.count(), head_place_.data(),  head_added_.data(), numbers_.data(),
           packed_.data(),   heads_total_.data(), gradient_.data()};
  events_.taps = static_cast<int>(first.taps);
  events_.features = static_cast<int>(first.features);
  if (spec_.temporal_shapes > 0) {
    const auto basis = temporal_basis(first.taps, spec_.temporal_shapes);
    const std::vector<float> function(basis.function.begin(), basis.function.end());
    function_ = {device_, std::span(function)};
    filter_ = {device_, static_cast<size_t>(channels_ * first.taps * first.features)};
    shaped_.shapes = static_cast<int>(basis.shapes);
    shaped_.taps = events_.taps;
    shaped_.features = events_.features;
    shaped_.function = function_.data();
  }
  heads_.features = static_cast<int>(spec_.features());
  heads_.outputs = static_cast<int>(packing_.outputs());
  heads_.gradient_row = packing_.count();
  heads_.weight = packed_.data();
  heads_.constant = packed_.data() + packing_.outputs() * spec_.features();
}

int64_t ConvolutionalDevicePasses::duration_of(size_t layer, int64_t window_ms) const {
  int64_t duration = window_ms;
  for (size_t i = spec_.layers.size() - 1; i > layer; --i) duration += spec_.layers[i].reach_ms();
  return duration;
}

void ConvolutionalDevicePasses::make_room(const DeviceInput& input, bool backward) {
  size_t largest = 0, widest = 0, most_rows = 0;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const auto features = static_cast<size_t>(spec_.layers[i].features);
    const auto rows = static_cast<size_t>(input.windows() * duration_of(i, input.window_ms()));
    largest = std::max(largest, rows * features);
    widest = std::max(widest, features);
    most_rows = std::max(most_rows, rows);
    layers_[i].x.make_room(device_, rows * features);
    if (spec_.batch_norm || spec_.adds_input(i)) layers_[i].y.make_room(device_, rows * features);
    layers_[i].total.make_room(device_, 4 * features);
  }
  const size_t partial = (most_rows / device_code::kChunkRows + 1) * widest;
  const auto answers = static_cast<size_t>(input.windows() * input.window_ms() * packing_.outputs());
  partial_.make_room(device_, partial);
  answer_.make_room(device_, answers);
  if (!backward) return;
  second_partial_.make_room(device_, partial);
  answer_gradient_.make_room(device_, answers);
  heads_gradient_.make_room(device_, static_cast<size_t>(input.windows() * packing_.count()));
  x_gradient_.make_room(device_, largest);
  for (auto& array : y_gradient_) array.make_room(device_, largest);
}

void ConvolutionalDevicePasses::point_to_arrays(const DeviceInput& input, NormBy norm) {
  float *numbers = numbers_.data(), *gradient = gradient_.data();
  for (size_t i = 0; i < layers_.size(); ++i) {
    auto& layer = layers_[i];
    const auto& l = spec_.layers[i];
    const auto& p = places_[i];
    auto& n = layer.norm;
    n.windows = input.windows();
    n.duration = static_cast<int>(duration_of(i, input.window_ms()));
    n.features = static_cast<int>(l.features);
    n.relu = spec_.activation == Activation::relu;
    n.by_batch = norm == NormBy::batch;
    n.keep = kNormKeep;
    n.epsilon = kNormEpsilon;
    n.x = layer.x.data();
    n.y = spec_.batch_norm || spec_.adds_input(i) ? layer.y.data() : n.x;
    n.added = spec_.adds_input(i) ? layers_[i - 1].norm.y : nullptr;
    n.added_before = static_cast<int>(l.reach_ms());
    n.bias = numbers + p.bias;
    n.bias_gradient = gradient + p.bias;
    if (spec_.batch_norm) {
      n.scale = numbers + p.scale;
      n.shift = numbers + p.shift;
      n.running_mean = numbers + p.mean;
      n.running_variance = numbers + p.variance;
      n.scale_gradient = gradient + p.scale;
      n.shift_gradient = gradient + p.shift;
    }
    n.partial = partial_.data();
    n.second_partial = second_partial_.data();
    n.total = layer.total.data();
    n.x_gradient = x_gradient_.data();
    if (i == 0) continue;
    layer.convolution = {n.windows,
                         n.duration,
                         static_cast<int>(l.taps),
                         static_cast<int>(spec_.layers[i - 1].features),
                         n.features,
                         static_cast<int>(l.dilation),
                         layers_[i - 1].norm.y,
                         numbers + p.weight,
                         n.x,
                         n.x_gradient,
                         gradient + p.weight,
                         y_gradient_[i % 2].data()};
  }
  const bool has_shapes = shaped_.shapes > 0;
  const int64_t first_weight = places_.front().weight;
  shaped_.weight = numbers + first_weight;
  shaped_.filter = filter_.data();
  shaped_.weight_gradient = gradient + first_weight;
  events_.duration = layers_.front().norm.duration;
  events_.first_event = input.first_event();
  events_.event = input.event();
  events_.first_of_channel = input.first_of_channel();
  events_.of_channel = input.of_channel();
  events_.filter = has_shapes ? filter_.data() : numbers + first_weight;
  events_.x = layers_.front().norm.x;
  events_.x_gradient = x_gradient_.data();
  events_.filter_gradient = has_shapes ? filter_.data() : gradient + first_weight;
  heads_.windows = input.windows();
  heads_.duration = static_cast<int>(input.window_ms());
  heads_.x = layers_.back().norm.y;
  heads_.answer = answer_.data();
  heads_.answer_gradient = answer_gradient_.data();
  // The deepest layer's gradient lies where that of the layer above it would.
  heads_.x_gradient = y_gradient_[layers_.size() % 2].data();
  heads_.gradient = heads_gradient_.data();
}

void ConvolutionalDevicePasses::launch(const device::KernelCode& kernel, int64_t blocks,
                                       const device_code::NormArguments& arguments) {
  device_->launch(kernel, {blocks, kPassThreads, 0}, arguments);
}

void ConvolutionalDevicePasses::launch_product(const device::KernelCode& kernel, int64_t rows,
                                               int64_t columns,
                                               const device_code::ConvolutionArguments& arguments) {
  constexpr int64_t kSide = device_code::kTileSide;
  device_->launch(kernel,
                  {(rows + kSide - 1) / kSide * ((columns + kSide - 1) / kSide), device_code::kTileThreads,
                   device_code::kTileSharedBytes},
                  arguments);
}

void ConvolutionalDevicePasses::multiply_forward(const device_code::ConvolutionArguments& c) {
  if (products_ != nullptr) return convolution_forward(*products_, c);
  launch_product(NT_TRAINING(neurontwin_convolution_forward), c.rows(), c.outputs, c);
}

void ConvolutionalDevicePasses::multiply_back(const device_code::ConvolutionArguments& c) {
  const int64_t rows_of_input = c.windows * c.input_duration();
  if (products_ != nullptr) {
    convolution_weight_gradient(*products_, c);
    device_->fill_zero(c.input_gradient, static_cast<size_t>(rows_of_input * c.inputs) * sizeof(float));
    return convolution_input_gradient(*products_, c);
  }
  launch_product(NT_TRAINING(neurontwin_convolution_weight_gradient), int64_t{c.taps} * c.inputs, c.outputs,
                 c);
  launch_product(NT_TRAINING(neurontwin_convolution_input_gradient), rows_of_input, c.inputs, c);
}

void ConvolutionalDevicePasses::finish_layer(size_t i) {
  const auto& n = layers_[i].norm;
  launch(NT_TRAINING(neurontwin_norm_activate), n.chunks(), n);
  if (spec_.batch_norm) {
    launch(NT_TRAINING(neurontwin_norm_average), 1, n);
    if (n.by_batch) launch(NT_TRAINING(neurontwin_norm_deviations), n.chunks(), n);
    launch(NT_TRAINING(neurontwin_norm_variance), 1, n);
  }
  if (n.y != n.x) launch(NT_TRAINING(neurontwin_norm_apply), n.chunks(), n);
}

Outputs<float> ConvolutionalDevicePasses::forward(std::span<float> numbers, const DeviceInput& input,
                                                  NormBy norm, bool backward) {
  numbers_.upload(numbers);
  const auto outputs = forward(input, norm, backward);
  // The running averages, which are all that is not trained.
  if (spec_.batch_norm && norm == NormBy::batch)
    numbers_.download(numbers.subspan(static_cast<size_t>(trained_)), static_cast<size_t>(trained_));
  return outputs;
}

Outputs<float> ConvolutionalDevicePasses::forward(const DeviceInput& input, NormBy norm, bool backward) {
  make_room(input, backward);
  point_to_arrays(input, norm);
  launch_pack_heads(*device_, pack_);
  if (shaped_.shapes > 0)
    device_->launch(NT_TRAINING(neurontwin_shaped_filters), {channels_, kPassThreads, 0}, shaped_);
  device_->launch(NT_TRAINING(neurontwin_event_filters),
                  {input.windows() * events_.duration, kPassThreads, 0}, events_);
  finish_layer(0);
  for (size_t i = 1; i < layers_.size(); ++i) {
    multiply_forward(layers_[i].convolution);
    finish_layer(i);
  }
  launch_heads_forward(*device_, heads_);
  const int64_t rows = input.windows() * input.window_ms();
  outputs_.resize(static_cast<size_t>(rows * packing_.outputs()));
  answer_.download(std::span(outputs_));
  return {outputs_.data(), rows, packing_.outputs()};
}

void ConvolutionalDevicePasses::enter_layer(size_t i) {
  const auto& n = layers_[i].norm;
  if (spec_.batch_norm) {
    launch(NT_TRAINING(neurontwin_norm_gradient_sums), n.chunks(), n);
    launch(NT_TRAINING(neurontwin_norm_gradients), 1, n);
  }
  launch(NT_TRAINING(neurontwin_norm_input_gradient), n.chunks(), n);
  launch(NT_TRAINING(neurontwin_norm_bias_gradient), 1, n);
}

void ConvolutionalDevicePasses::backward(std::span<const float>, const DeviceInput& input,
                                         std::span<const float> output_gradient, std::span<float> gradients) {
  backward(input, output_gradient);
  gradient_.download(gradients);
}

void ConvolutionalDevicePasses::backward(const DeviceInput& input, std::span<const float> output_gradient) {
  answer_gradient_.upload(output_gradient);
  launch_heads_backward(*device_, heads_);
  launch_add_windows(*device_,
                     {input.windows(), packing_.count(), heads_gradient_.data(), heads_total_.data()});
  launch_unpack_heads(*device_, pack_);
  for (size_t i = layers_.size(); i-- > 0;) {
    layers_[i].norm.y_gradient = y_gradient_[(i + 1) % 2].data();
    layers_[i].norm.added_gradient = y_gradient_[i % 2].data();
    enter_layer(i);
    if (i == 0) break;
    multiply_back(layers_[i].convolution);
    if (spec_.adds_input(i))
      launch(NT_TRAINING(neurontwin_norm_add_gradient), layers_[i].norm.chunks(), layers_[i].norm);
  }
  device_->launch(NT_TRAINING(neurontwin_event_filters_backward), {channels_, kPassThreads, 0}, events_);
  if (shaped_.shapes > 0)
    device_->launch(NT_TRAINING(neurontwin_shaped_filters_backward), {channels_, kPassThreads, 0}, shaped_);
}

}  // namespace nt::twin
