#pragma once
#include "twin/arena.hpp"
#include "twin/detail/causal_convolution.hpp"

namespace nt::twin {

/// A causal convolution whose taps lie `dilation` ms apart, done as causal_convolution.hpp does one without:
/// every dilation-th ms is a signal of its own.
///   input   [windows][duration + (taps - 1) dilation][inputs]
///   weight  [taps][inputs][outputs]; the last tap is the present
///   output  [windows][duration][outputs]
struct ConvolutionShape {
  int64_t windows, duration, taps, inputs, outputs, dilation;
  int64_t reach() const { return (taps - 1) * dilation; }
  int64_t input_duration() const { return duration + reach(); }
};

/// Room for signals taken apart; nothing without dilation.
template <class T>
struct ConvolutionBuffers {
  T *input = nullptr, *output = nullptr;
  void plan(Arena& arena, const ConvolutionShape& shape);
};

/// Results are overwritten. The input that a forward pass took apart is still in `buffers` for the backward
/// pass, which uses its room for outputs.
template <class T>
void convolution_forward(const ConvolutionShape& shape, const T* input, const T* weight, T* output,
                         const ConvolutionBuffers<T>& buffers, const Parallel& parallel);
/// weight_gradient or input_gradient may be null.
template <class T>
void convolution_backward(const ConvolutionShape& shape, const T* input, const T* weight,
                          const T* output_gradient, T* weight_gradient, T* input_gradient,
                          const ConvolutionBuffers<T>& buffers, const Parallel& parallel);

}  // namespace nt::twin
