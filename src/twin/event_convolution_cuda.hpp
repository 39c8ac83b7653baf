#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "twin/event_convolution.hpp"

#ifdef __CUDACC__
#define NEURONTWIN_HOST_DEVICE __host__ __device__
#else
#define NEURONTWIN_HOST_DEVICE
#endif

namespace neurontwin {

/// The events of a batch in the two orders that a CUDA device sums them in, both as flat arrays to be copied
/// there. Events that reach no output are left out.
struct EventOrders {
  std::vector<int32_t> first_at;     // [windows * times + 1], into `channel`
  std::vector<int32_t> channel;      // by window, then time
  std::vector<int32_t> first_of;     // [channels + 1], into `window_time`
  std::vector<int32_t> window_time;  // [n][2], by channel, then window and time
};
EventOrders order_events(const EventConvolutionShape& shape, std::span<const int32_t> events);

/// One number of the output: each of these sums is one thread's, in a fixed order, so that results do not
/// depend on how threads are scheduled. Pointers to the arrays of EventOrders.
template <class T>
NEURONTWIN_HOST_DEVICE T event_convolution_output(const EventConvolutionShape& s, const int32_t* first_at,
                                                  const int32_t* channel, const T* weight, int64_t window,
                                                  int64_t t, int64_t feature) {
  const int32_t* first = first_at + window * (s.duration + s.taps - 1) + t;
  T sum = 0;
  for (int64_t back = 0; back < s.taps; ++back) {  // from the oldest ms in reach, whose last tap acts now
    const int64_t k = s.taps - 1 - back;
    for (int32_t i = first[back]; i < first[back + 1]; ++i) {
      sum += weight[(channel[i] * s.taps + k) * s.features + feature];
    }
  }
  return sum;
}

/// One number of the weights' gradient.
template <class T>
NEURONTWIN_HOST_DEVICE T event_convolution_gradient(const EventConvolutionShape& s, const int32_t* first_of,
                                                    const int32_t* window_time, const T* output_gradient,
                                                    int64_t channel, int64_t tap, int64_t feature) {
  T sum = 0;
  for (int32_t i = first_of[channel]; i < first_of[channel + 1]; ++i) {
    const int64_t t = window_time[2 * i + 1] - (s.taps - 1) + tap;
    if (t < 0 || t >= s.duration) continue;
    sum += output_gradient[(window_time[2 * i] * s.duration + t) * s.features + feature];
  }
  return sum;
}

/// The same for a whole batch on the present CUDA device's default stream, all pointers into its memory. Only
/// built where libtorch has CUDA.
void event_convolution_forward_cuda(const EventConvolutionShape& shape, const int32_t* first_at,
                                    const int32_t* channel, const float* weight, float* output);
void event_convolution_weight_gradient_cuda(const EventConvolutionShape& shape, const int32_t* first_of,
                                            const int32_t* window_time, const float* output_gradient,
                                            float* gradient);

}  // namespace neurontwin
