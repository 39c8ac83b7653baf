#pragma once
#include <vector>

#include "twin/activation_norm.hpp"
#include "twin/arena.hpp"
#include "twin/network.hpp"

namespace nt::twin {

// Keras' defaults, which the published networks were trained with: running averages keep 99 %, epsilon 0.001.
constexpr double kNormKeep = 0.99;
constexpr double kNormEpsilon = 1e-3;

/// What follows a convolution, feature by feature (activation_norm.hpp): bias, activation and, unless scale
/// is null, batch normalisation (Ioffe and Szegedy 2015) over windows and time. [features] each.
template <class T>
struct AfterConvolution {
  bool relu = true;
  const T* bias = nullptr;
  const T *scale = nullptr, *shift = nullptr;
  T *mean = nullptr, *variance = nullptr;  // running ones
};
/// Gradients of the same arrays; null where not wanted.
template <class T>
struct AfterConvolutionGradients {
  T *bias = nullptr, *scale = nullptr, *shift = nullptr;
};

/// What the backward pass needs of the forward one.
template <class T>
struct AfterConvolutionMemory {
  const T* r = nullptr;  // the activation, [row][feature]
  bool by_batch = false;
  double rows = 0;                          // of the batch, on all processes
  std::vector<double> average, inverse_sd;  // that it was normalised by
};

/// Makes of a convolution's result x [row][feature] the layer's y. x becomes the activation; y may be null
/// without normalisation, when the result is x. Returns the result. Normalisation by the batch is over the
/// rows of all processes that compute it together (parallel.sum_over_processes); the backward pass then
/// returns each process the gradients of its own rows, to be added up.
template <class T>
T* after_convolution_forward(const SignalShape& shape, const AfterConvolution<T>& after, NormBy norm, T* x,
                             T* y, AfterConvolutionMemory<T>& memory, const Parallel& parallel);

/// Normalisation by the running averages: y = factor r + offset.
template <class T>
void running_normalisation(const AfterConvolution<T>& after, int64_t features, std::vector<T>& factor,
                           std::vector<T>& offset);

/// From the gradient of y to that of the convolution's result, x_gradient. With normalisation by the batch's
/// own average m and deviation sd over n rows,
///   r' = scale/sd (y' - sum(y')/n - (r - m)/sd^2 sum(y' (r - m))/n).
template <class T>
void after_convolution_backward(const SignalShape& shape, const AfterConvolution<T>& after,
                                const AfterConvolutionMemory<T>& memory, const T* y_gradient, T* x_gradient,
                                const AfterConvolutionGradients<T>& gradients, const Parallel& parallel);

}  // namespace nt::twin
