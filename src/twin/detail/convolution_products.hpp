#pragma once
#include "device/products.hpp"
#include "twin/detail/convolution_code.hpp"

namespace nt::twin {

// The three products of a convolution (detail/convolution_code.hpp) by a library, tap by tap.

void convolution_forward(device::MatrixProducts& products, const device_code::ConvolutionArguments& c);
void convolution_weight_gradient(device::MatrixProducts& products,
                                 const device_code::ConvolutionArguments& c);
/// Added to what is there.
void convolution_input_gradient(device::MatrixProducts& products, const device_code::ConvolutionArguments& c);

}  // namespace nt::twin
