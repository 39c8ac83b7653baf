#include "twin/detail/event_stream.hpp"

#include <functional>

#include "twin/detail/event_convolution.hpp"
#include "twin/detail/exponential_filter.hpp"

namespace nt::twin {
namespace {

constexpr int64_t kFewMs = 16;  // for which sorting spikes by channel does not pay

}  // namespace

template <class T>
EventStream<T>::EventStream(int64_t streams, int64_t channels, int64_t taps, int64_t features,
                            const TemporalBasis& basis, const T* weight, const Parallel& parallel)
    : streams_(streams),
      channels_(channels),
      taps_(taps),
      features_(features),
      basis_(basis),
      weight_(weight) {
  if (basis.shapes == 0) {
    rows_ = SlidingRows<T>(streams, taps - 1, features);
    return;
  }
  const int64_t row = basis.shapes * features;
  rows_ = SlidingRows<T>(streams, taps, row);
  sums_.assign(streams * row, T(0));
  mixed_.resize(channels * row);
  mix_rows(channels, basis.shapes, basis.shapes, features, basis.mixture.data(), weight, mixed_.data(),
           parallel);
}

/// To the rows from now on.
template <class T>
void EventStream<T>::add_spikes(std::span<const int32_t> events, int64_t ms, const Parallel& parallel) {
  const bool free = basis_.shapes == 0;
  const int64_t taps = free ? taps_ : 1, row = rows_.features();
  const T* weight = free ? weight_ : mixed_.data();
  T* to = rows_.begin() + (free ? 0 : taps_ * row);
  if (ms < kFewMs)
    return event_convolution_add({streams_, taps, row, rows_.stride()}, events, weight, to, parallel);
  const int64_t duration = ms + taps - 1;  // until the last spike's last tap
  later_.assign(events.begin(), events.end());
  for (size_t e = 2; e < later_.size(); e += 3) later_[e] += static_cast<int32_t>(taps - 1);
  T* reached = nullptr;
  arena_.plan([&](Arena& arena) { reached = arena.take<T>(streams_ * duration * row); });
  event_convolution_forward<T>({streams_, channels_, duration, taps, row}, later_, weight, reached, parallel);
  const auto add = [&](int64_t s) {
    const T* __restrict from = reached + s * duration * row;
    T* __restrict sum = to + s * rows_.stride();
    for (int64_t i = 0; i < duration * row; ++i) sum[i] += from[i];
  };
  parallel.run(streams_, std::ref(add));
}

template <class T>
void EventStream<T>::advance(std::span<const int32_t> events, int64_t ms, T* x, const Parallel& parallel) {
  rows_.make_room(ms);
  add_spikes(events, ms, parallel);
  if (basis_.shapes > 0) {
    exponential_filter_stream<T>({streams_, ms, taps_, basis_.shapes, features_, rows_.stride()},
                                 rows_.begin(), basis_.decay.data(), sums_.data(), x, parallel);
  } else {
    for (int64_t s = 0; s < streams_; ++s)
      std::copy_n(rows_.begin() + s * rows_.stride(), ms * features_, x + s * ms * features_);
  }
  rows_.move_on(ms);
}

template <class T>
void EventStream<T>::append_state(int64_t stream, std::vector<T>& state) const {
  rows_.append_state(stream, state);
  const int64_t row = basis_.shapes * features_;
  state.insert(state.end(), sums_.begin() + stream * row, sums_.begin() + (stream + 1) * row);
}

template <class T>
std::span<const T> EventStream<T>::set_state(int64_t stream, std::span<const T> state) {
  state = rows_.set_state(stream, state);
  const auto row = static_cast<size_t>(basis_.shapes * features_);
  std::ranges::copy(state.first(row), sums_.begin() + stream * static_cast<int64_t>(row));
  return state.subspan(row);
}

template class EventStream<float>;
template class EventStream<double>;

}  // namespace nt::twin
