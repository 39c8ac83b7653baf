#pragma once
#include "twin/arena.hpp"
#include "twin/detail/event_convolution.hpp"
#include "twin/temporal_basis.hpp"

namespace nt::twin {

/// The first layer of a convolutional twin: a causal convolution over spikes (event_convolution.hpp), with
/// filters of free taps, or of filters that are sums of a few shapes (temporal_basis.hpp). With shapes it
/// goes through three stages: the weights of shapes are mixed into those of exponentials, spikes add their
/// rows of weights at their own time, and the exponentials smooth the sums. A spike then touches a row for
/// each shape, not for each tap.
///   events  [n][3]  (window, channel, time)
///   weight  [channels][taps or shapes][features]
///   output  [windows][duration][features]; output 0 is at time taps - 1
struct EventLayerShape {
  int64_t windows, channels, duration, taps, features;
};

template <class T>
struct EventLayerBuffers {
  T *mixed = nullptr, *sums = nullptr;  // nothing with free taps
  void plan(Arena& arena, const EventLayerShape& shape, const TemporalBasis& basis);
};

/// `basis` has no shapes where taps are free. Results are overwritten.
template <class T>
void event_layer_forward(const EventLayerShape& shape, const TemporalBasis& basis,
                         std::span<const int32_t> events, const T* weight, T* output,
                         const EventLayerBuffers<T>& buffers, const Parallel& parallel);
template <class T>
void event_layer_backward(const EventLayerShape& shape, const TemporalBasis& basis,
                          std::span<const int32_t> events, const T* output_gradient, T* weight_gradient,
                          const EventLayerBuffers<T>& buffers, const Parallel& parallel);

}  // namespace nt::twin
