#pragma once
#include "twin/after_convolution.hpp"

namespace nt::twin {

// What follows a convolution, as in after_convolution.hpp, with a leaky rectifier as the activation: x where
// x is above 0, else leak x. A leak of 0 is the plain rectifier, one of 1 no activation. `after.relu` is not
// looked at.

/// x := activation(x + bias)
template <class T>
void leaky_activate(const SignalShape& shape, double leak, const T* bias, T* x, const Parallel& parallel);

template <class T>
T* after_leaky_forward(const SignalShape& shape, double leak, AfterConvolution<T> after, NormBy norm, T* x,
                       T* y, AfterConvolutionMemory<T>& memory, const Parallel& parallel);
template <class T>
void after_leaky_backward(const SignalShape& shape, double leak, AfterConvolution<T> after,
                          const AfterConvolutionMemory<T>& memory, const T* y_gradient, T* x_gradient,
                          AfterConvolutionGradients<T> gradients, const Parallel& parallel);

}  // namespace nt::twin
