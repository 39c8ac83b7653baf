#pragma once
#include "device/code.hpp"

// Device code of the first layer of convolutional twins that learn: filters over spikes, and their gradients.
namespace nt::twin::device_code {

struct EventFiltersArguments {
  int taps, features, duration;     // duration: ms of x in each window; ms 0 is the window's ms taps - 1
  const int64_t* first_event;       // [window + 1]
  const int32_t* event;             // [event][channel, ms], of each window in the order of time
  const int64_t* first_of_channel;  // [channel + 1]
  const int32_t* of_channel;        // [event][window, ms], of each channel in the order of both
  const float* filter;              // [channel][tap][feature]
  float* x;                         // [window][duration][feature]
  const float* x_gradient;          // the same
  float* filter_gradient;

  /// The first event of a window that comes at `ms` or later.
  NT_DEVICE int64_t first_from(int64_t window, int ms) const {
    int64_t low = first_event[window], high = first_event[window + 1];
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      if (event[2 * middle + 1] < ms)
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }
};

/// A block to each ms of a window.
NT_DEVICE void event_filters(const device::Block& block, const EventFiltersArguments& a) {
  const int64_t window = block.index / a.duration;
  const int t = static_cast<int>(block.index % a.duration);
  const int64_t first = a.first_from(window, t), last = a.first_from(window, t + a.taps);
  float* x = a.x + block.index * a.features;
  block.share(a.features, [&](int f) {
    float sum = 0;
    for (int64_t e = first; e < last; ++e) {
      const int tap = a.taps - 1 + t - a.event[2 * e + 1];
      sum += a.filter[(static_cast<int64_t>(a.event[2 * e]) * a.taps + tap) * a.features + f];
    }
    x[f] = sum;
  });
}

/// A block to each channel.
NT_DEVICE void event_filters_backward(const device::Block& block, const EventFiltersArguments& a) {
  const int64_t first = a.first_of_channel[block.index], last = a.first_of_channel[block.index + 1];
  float* gradient = a.filter_gradient + block.index * a.taps * a.features;
  block.share(a.taps * a.features, [&](int i) {
    const int tap = i / a.features, f = i % a.features;
    float sum = 0;
    for (int64_t e = first; e < last; ++e) {
      const int t = a.of_channel[2 * e + 1] - (a.taps - 1) + tap;
      if (t < 0 || t >= a.duration) continue;
      sum += a.x_gradient[(static_cast<int64_t>(a.of_channel[2 * e]) * a.duration + t) * a.features + f];
    }
    gradient[i] = sum;
  });
}

/// Filters that are sums of shapes.
struct ShapedFiltersArguments {
  int shapes, taps, features;
  const float* function;  // [shape][tap]
  const float* weight;    // [channel][shape][feature]
  float* filter;          // [channel][tap][feature]
  float* weight_gradient;
};

/// The filters from the weights: a block to each channel.
NT_DEVICE void shaped_filters(const device::Block& block, const ShapedFiltersArguments& a) {
  const float* weight = a.weight + block.index * a.shapes * a.features;
  float* filter = a.filter + block.index * a.taps * a.features;
  block.share(a.taps * a.features, [&](int i) {
    float sum = 0;
    for (int r = 0; r < a.shapes; ++r)
      sum += a.function[r * a.taps + i / a.features] * weight[r * a.features + i % a.features];
    filter[i] = sum;
  });
}

/// The weights' gradients from those that lie in `filter`.
NT_DEVICE void shaped_filters_backward(const device::Block& block, const ShapedFiltersArguments& a) {
  const float* filter = a.filter + block.index * a.taps * a.features;
  float* gradient = a.weight_gradient + block.index * a.shapes * a.features;
  block.share(a.shapes * a.features, [&](int i) {
    float sum = 0;
    for (int k = 0; k < a.taps; ++k)
      sum += a.function[i / a.features * a.taps + k] * filter[k * a.features + i % a.features];
    gradient[i] = sum;
  });
}

}  // namespace nt::twin::device_code
