#include "twin/detail/convolution_products.hpp"

namespace nt::twin {
namespace {

using device_code::ConvolutionArguments;

/// From a tap's place in the input, or in the weights, to the next tap's.
int64_t step_of_input(const ConvolutionArguments& c) {
  return int64_t{c.dilation} * c.inputs;
}
int64_t step_of_weight(const ConvolutionArguments& c) {
  return int64_t{c.inputs} * c.outputs;
}

int64_t window_of_input(const ConvolutionArguments& c) {
  return int64_t{c.input_duration()} * c.inputs;
}
int64_t window_of_output(const ConvolutionArguments& c) {
  return int64_t{c.duration} * c.outputs;
}

}  // namespace

void convolution_forward(device::MatrixProducts& products, const ConvolutionArguments& c) {
  for (int64_t tap = 0; tap < c.taps; ++tap)  // of all windows
    products.multiply({.rows = c.duration,
                       .columns = c.outputs,
                       .depth = c.inputs,
                       .count = c.windows,
                       .a = {c.input + tap * step_of_input(c), c.inputs, window_of_input(c)},
                       .b = {c.weight + tap * step_of_weight(c), c.outputs},
                       .c = {c.output, c.outputs, window_of_output(c)},
                       .add = tap > 0});
}

void convolution_weight_gradient(device::MatrixProducts& products, const ConvolutionArguments& c) {
  for (int64_t w = 0; w < c.windows; ++w)  // of all taps
    products.multiply({.rows = c.inputs,
                       .columns = c.outputs,
                       .depth = c.duration,
                       .count = c.taps,
                       .a = {c.input + w * window_of_input(c), c.inputs, step_of_input(c), true},
                       .b = {c.output_gradient + w * window_of_output(c), c.outputs},
                       .c = {c.weight_gradient, c.outputs, step_of_weight(c)},
                       .add = w > 0});
}

void convolution_input_gradient(device::MatrixProducts& products, const ConvolutionArguments& c) {
  for (int64_t tap = 0; tap < c.taps; ++tap)  // of all windows
    products.multiply({.rows = c.duration,
                       .columns = c.inputs,
                       .depth = c.outputs,
                       .count = c.windows,
                       .a = {c.output_gradient, c.outputs, window_of_output(c)},
                       .b = {c.weight + tap * step_of_weight(c), c.outputs, 0, true},
                       .c = {c.input_gradient + tap * step_of_input(c), c.inputs, window_of_input(c)},
                       .add = true});
}

}  // namespace nt::twin
