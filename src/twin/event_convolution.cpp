#include "twin/detail/event_convolution.hpp"

#include <algorithm>

namespace nt::twin {
namespace {

/// Calls f(first weight, first output, count) for the stretch of output that each event reaches. Taps and
/// time both run forward with the features innermost, so the stretch is contiguous in either array.
template <class F>
void for_each_stretch(const EventConvolutionShape& s, std::span<const int32_t> events, F&& f) {
  for (size_t e = 0; e + 2 < events.size(); e += 3) {
    const int64_t window = events[e], channel = events[e + 1];
    const int64_t first_output = events[e + 2] - (s.taps - 1);  // where tap 0 falls
    const int64_t k_begin = std::max<int64_t>(0, -first_output);
    const int64_t k_end = std::min(s.taps, s.duration - first_output);
    if (k_begin >= k_end) continue;
    f((channel * s.taps + k_begin) * s.features, (window * s.duration + first_output + k_begin) * s.features,
      (k_end - k_begin) * s.features);
  }
}

}  // namespace

template <class T>
void event_convolution_forward_reference(const EventConvolutionShape& shape, std::span<const int32_t> events,
                                         const T* weight, T* output) {
  std::fill_n(output, shape.windows * shape.duration * shape.features, T(0));
  for_each_stretch(shape, events, [&](int64_t w, int64_t o, int64_t count) {
    for (int64_t i = 0; i < count; ++i) output[o + i] += weight[w + i];
  });
}

template <class T>
void event_convolution_weight_gradient_reference(const EventConvolutionShape& shape,
                                                 std::span<const int32_t> events, const T* output_gradient,
                                                 T* weight_gradient) {
  std::fill_n(weight_gradient, shape.channels * shape.taps * shape.features, T(0));
  for_each_stretch(shape, events, [&](int64_t w, int64_t o, int64_t count) {
    for (int64_t i = 0; i < count; ++i) weight_gradient[w + i] += output_gradient[o + i];
  });
}

template <class T>
void event_convolution_add_reference(const EventAdditionShape& s, std::span<const int32_t> events,
                                     const T* weight, T* rows) {
  const int64_t count = s.taps * s.features;
  for (size_t e = 0; e + 2 < events.size(); e += 3) {
    T* to = rows + events[e] * s.stride + events[e + 2] * s.features;
    for (int64_t i = 0; i < count; ++i) to[i] += weight[events[e + 1] * count + i];
  }
}

template void event_convolution_add_reference<float>(const EventAdditionShape&, std::span<const int32_t>,
                                                     const float*, float*);
template void event_convolution_add_reference<double>(const EventAdditionShape&, std::span<const int32_t>,
                                                      const double*, double*);
template void event_convolution_forward_reference<float>(const EventConvolutionShape&,
                                                         std::span<const int32_t>, const float*, float*);
template void event_convolution_forward_reference<double>(const EventConvolutionShape&,
                                                          std::span<const int32_t>, const double*, double*);
template void event_convolution_weight_gradient_reference<float>(const EventConvolutionShape&,
                                                                 std::span<const int32_t>, const float*,
                                                                 float*);
template void event_convolution_weight_gradient_reference<double>(const EventConvolutionShape&,
                                                                  std::span<const int32_t>, const double*,
                                                                  double*);

}  // namespace nt::twin
