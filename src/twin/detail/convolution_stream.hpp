#pragma once
#include <cstdint>

#include "twin/parallel.hpp"

namespace nt::twin {

/// A causal convolution (causal_convolution.hpp) of streams that go on and on, whose weights are laid out
/// once:
///   output[s][t][o] = sum over j, i of input[s][t + j dilation][i] weight[j][i][o]
///   input   of stream s begins at s x stride; [duration + (taps - 1) dilation][inputs]
///   weight  [taps][inputs][outputs]; the last tap is the present
///   output  [streams][duration][outputs]
struct ConvolutionStreamShape {
  int64_t streams, duration, taps, inputs, outputs, dilation, stride;
};

/// The plain loops.
template <class T>
void convolution_stream_reference(const ConvolutionStreamShape& shape, const T* input, const T* weight,
                                  T* output);

/// Numbers that laid out weights take; they begin on a cache line.
template <class T>
int64_t packed_weights(const ConvolutionStreamShape& shape);
template <class T>
void pack_weights(const ConvolutionStreamShape& shape, const T* weight, T* packed);

/// The same with SIMD over outputs, for float and double. Rows of all streams are worked on together and
/// share what is read of the weights. A sum is made in the same order whatever the other rows are, so that
/// results depend neither on threads nor on streams nor on the duration.
template <class T>
void convolution_stream(const ConvolutionStreamShape& shape, const T* input, const T* packed, T* output,
                        const Parallel& parallel);

}  // namespace nt::twin
