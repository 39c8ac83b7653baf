#pragma once
#include <cstdint>
#include <span>

#include "twin/parallel.hpp"

namespace nt::twin {

/// A causal convolution of binary spike trains, done over the spikes instead of over the bins: a spike of
/// channel c adds its filter weight[c] to the output from the moment it arrives. About 1 % of the bins hold a
/// spike, so this is about 1 % of the dense work. Shapes:
///   events        [n][3]  (window, channel, time); time counts from the start of the window's history
///   weight        [channels][taps][features]; tap k acts k ms after the spike
///   output        [windows][duration][features]; output 0 is at time taps - 1, the first with full history
/// Time outside 0 .. duration + taps - 2 contributes nothing. Outputs and gradients are overwritten.
struct EventConvolutionShape {
  int64_t windows, channels, duration, taps, features;
};

/// The plain loops, event by event.
template <class T>
void event_convolution_forward_reference(const EventConvolutionShape& shape, std::span<const int32_t> events,
                                         const T* weight, T* output);
template <class T>
void event_convolution_weight_gradient_reference(const EventConvolutionShape& shape,
                                                 std::span<const int32_t> events, const T* output_gradient,
                                                 T* weight_gradient);

/// The same, channel by channel, with SIMD and on several threads. For float and double.
template <class T>
void event_convolution_forward(const EventConvolutionShape& shape, std::span<const int32_t> events,
                               const T* weight, T* output, const Parallel& parallel);
template <class T>
void event_convolution_weight_gradient(const EventConvolutionShape& shape, std::span<const int32_t> events,
                                       const T* output_gradient, T* weight_gradient,
                                       const Parallel& parallel);

/// What spikes will do, added event by event to what earlier ones will: for a few ms, where sorting does not
/// pay.
///   events  [n][3]  (window, channel, time), sorted by window; time 0 is the first row
///   rows    of window w begin at w x stride; [.. time + taps][features]
struct EventAdditionShape {
  int64_t windows, taps, features, stride;
};
template <class T>
void event_convolution_add_reference(const EventAdditionShape& shape, std::span<const int32_t> events,
                                     const T* weight, T* rows);
template <class T>
void event_convolution_add(const EventAdditionShape& shape, std::span<const int32_t> events, const T* weight,
                           T* rows, const Parallel& parallel);

}  // namespace nt::twin
