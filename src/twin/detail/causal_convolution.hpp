#pragma once
#include <cstdint>

#include "twin/parallel.hpp"

namespace nt::twin {

/// A causal convolution of dense signals, time before features:
///   output[w][t][o] = sum over j, i of input[w][t + j][i] weight[j][i][o]
///   input   [windows][duration + taps - 1][inputs]
///   weight  [taps][inputs][outputs]; the last tap is the present
///   output  [windows][duration][outputs]
struct CausalConvolutionShape {
  int64_t windows, duration, taps, inputs, outputs;
  int64_t input_duration() const { return duration + taps - 1; }
};

/// The plain loops. Results are overwritten.
template <class T>
void causal_convolution_forward_reference(const CausalConvolutionShape& shape, const T* input,
                                          const T* weight, T* output);
template <class T>
void causal_convolution_input_gradient_reference(const CausalConvolutionShape& shape,
                                                 const T* output_gradient, const T* weight,
                                                 T* input_gradient);
template <class T>
void causal_convolution_weight_gradient_reference(const CausalConvolutionShape& shape, const T* input,
                                                  const T* output_gradient, T* weight_gradient);

/// The same as matrix products, with SIMD and on several threads, for float and double. A row of the
/// product's left matrix is taps x inputs consecutive numbers of the input, and the next row starts `inputs`
/// later: nothing is unfolded.
///
/// `halvings` trades multiplications for additions (a fast finite impulse response filter; Winograd 1980,
/// "Arithmetic Complexity of Computations"). Two outputs of a two-tap filter take three products, not four:
///   y0 = w0 x0 + w1 x1 = m1 + m2      m1 = w0 (x0 - x1)
///   y1 = w0 x1 + w1 x2 = m2 + m3      m2 = (w0 + w1) x1      m3 = w1 (x2 - x1)
/// With even and odd times and taps in the places of 0 and 1, each product is a convolution of half as many
/// taps at half as many times. n halvings take (3/4)^n of the multiplications, and lose up to about n bits.
template <class T>
void causal_convolution_forward(const CausalConvolutionShape& shape, const T* input, const T* weight,
                                T* output, int halvings, const Parallel& parallel);
template <class T>
void causal_convolution_input_gradient(const CausalConvolutionShape& shape, const T* output_gradient,
                                       const T* weight, T* input_gradient, int halvings,
                                       const Parallel& parallel);
template <class T>
void causal_convolution_weight_gradient(const CausalConvolutionShape& shape, const T* input,
                                        const T* output_gradient, T* weight_gradient, int halvings,
                                        const Parallel& parallel);

}  // namespace nt::twin
