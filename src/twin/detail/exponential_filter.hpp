#pragma once
#include <cstdint>

#include "twin/parallel.hpp"

namespace nt::twin {

/// Signals smoothed by exponentials that end after `taps` ms, and summed over them:
///   output[w][t][f] = sum over e, k < taps of decay[e]^k input[w][t + taps - 1 - k][e][f]
///   input   [windows][duration + taps - 1][exponentials][features]
///   output  [windows][duration][features]
/// The work does not depend on the number of taps: each exponential is carried from one ms to the next.
struct ExponentialFilterShape {
  int64_t windows, duration, taps, exponentials, features;
  int64_t input_duration() const { return duration + taps - 1; }
};

/// Results are overwritten. For float and double.
template <class T>
void exponential_filter_forward(const ExponentialFilterShape& shape, const T* input, const double* decay,
                                T* output, const Parallel& parallel);
template <class T>
void exponential_filter_input_gradient(const ExponentialFilterShape& shape, const T* output_gradient,
                                       const double* decay, T* input_gradient, const Parallel& parallel);

/// The forward pass over signals that go on:
///   input   of stream s begins at s x stride; [taps + duration][exponentials][features]: the taps rows
///   before
///           these ms, and theirs
///   sums    [streams][exponentials][features]: the exponentials as they stand before and, then, after
///   output  [streams][duration][features]
struct ExponentialStreamShape {
  int64_t streams, duration, taps, exponentials, features, stride;
};
template <class T>
void exponential_filter_stream(const ExponentialStreamShape& shape, const T* input, const double* decay,
                               T* sums, T* output, const Parallel& parallel);

/// Rows made of other rows, channel by channel:
///   output[c][b][f] = sum over a of mixture[a][b] input[c][a][f]
///   input [channels][inputs][features], mixture [inputs][outputs], output [channels][outputs][features]
template <class T>
void mix_rows(int64_t channels, int64_t inputs, int64_t outputs, int64_t features, const double* mixture,
              const T* input, T* output, const Parallel& parallel);

}  // namespace nt::twin
