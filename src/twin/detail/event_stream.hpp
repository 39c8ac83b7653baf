#pragma once
#include "twin/arena.hpp"
#include "twin/detail/sliding_rows.hpp"
#include "twin/parallel.hpp"
#include "twin/temporal_basis.hpp"

namespace nt::twin {

/// The first layer of a convolutional twin (event_layer.hpp) over spikes that go on: a spike adds its filter
/// to what the layer will say, once, when it comes.
template <class T>
class EventStream {
 public:
  /// `weight` and `basis` must live longer.
  EventStream(int64_t streams, int64_t channels, int64_t taps, int64_t features, const TemporalBasis& basis,
              const T* weight, const Parallel& parallel);

  /// The next `ms`: events [n][3] (stream, channel, ms from now), sorted by stream. x [stream][ms][feature]
  /// is overwritten.
  void advance(std::span<const int32_t> events, int64_t ms, T* x, const Parallel& parallel);

  void append_state(int64_t stream, std::vector<T>& state) const;
  std::span<const T> set_state(int64_t stream, std::span<const T> state);

 private:
  void add_spikes(std::span<const int32_t> events, int64_t ms, const Parallel& parallel);

  int64_t streams_, channels_, taps_, features_;
  const TemporalBasis& basis_;
  const T* weight_;
  std::vector<T> mixed_;  // weights of exponentials, where filters are sums of shapes
  // Rows that spikes add to. With free taps: what is still to be said, from now on. With shapes: what arrived
  // in the taps ms before now.
  SlidingRows<T> rows_;
  std::vector<T> sums_;  // of the exponentials
  std::vector<int32_t> later_;
  Arena arena_;
};

}  // namespace nt::twin
