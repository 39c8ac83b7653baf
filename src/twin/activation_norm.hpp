#pragma once
#include <cstdint>

#include "twin/parallel.hpp"

namespace nt::twin {

/// What follows a convolution, feature by feature, on signals [rows][features], a row being a millisecond of
/// a window:
///   r = activation(x + bias)        activation is max(0, .) or nothing
///   y = factor r + offset           batch normalisation, its average and variance being taken over the rows
/// Sums over rows are made of sums over blocks of rows, in double, so that they are the same on any number of
/// threads. For float and double; libtorch judges them (tests/judge).
struct SignalShape {
  int64_t rows, features;
};

/// x := r. Fills in the average and the variance (divided by rows) of r for each feature, unless they are
/// null.
template <class T>
void activate(const SignalShape& shape, bool relu, const T* bias, T* x, double* average, double* variance,
              const Parallel& parallel);

/// y = factor r + offset.
template <class T>
void scale_and_shift(const SignalShape& shape, const T* r, const T* factor, const T* offset, T* y,
                     const Parallel& parallel);

/// For each feature the sums over rows of y's gradient, and of it times (r - average).
template <class T>
void gradient_sums(const SignalShape& shape, const T* y_gradient, const T* r, const T* average, double* sum,
                   double* sum_times_deviation, const Parallel& parallel);

/// The gradient of x, zero where the activation is:
///   factor y_gradient - constant - slope (r - average)
/// and its sum over rows, that of the bias.
template <class T>
struct NormGradient {
  const T *factor, *constant, *slope, *average;  // [features] each
};
template <class T>
void activation_gradient(const SignalShape& shape, bool relu, const T* y_gradient, const T* r,
                         const NormGradient<T>& norm, T* x_gradient, double* bias_gradient,
                         const Parallel& parallel);

}  // namespace nt::twin
