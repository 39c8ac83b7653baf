#include "twin/detail/event_layer.hpp"

#include "twin/detail/exponential_filter.hpp"

namespace nt::twin {
namespace {

EventConvolutionShape free_taps(const EventLayerShape& s) {
  return {s.windows, s.channels, s.duration, s.taps, s.features};
}

/// Of the rows that spikes add.
EventConvolutionShape sums_of(const EventLayerShape& s, const TemporalBasis& basis) {
  return {s.windows, s.channels, s.duration + s.taps - 1, 1, basis.shapes * s.features};
}

ExponentialFilterShape filter_of(const EventLayerShape& s, const TemporalBasis& basis) {
  return {s.windows, s.duration, s.taps, basis.shapes, s.features};
}

std::vector<double> transposed(const std::vector<double>& square, int64_t size) {
  std::vector<double> result(square.size());
  for (int64_t i = 0; i < size; ++i) {
    for (int64_t j = 0; j < size; ++j) result[j * size + i] = square[i * size + j];
  }
  return result;
}

}  // namespace

template <class T>
void EventLayerBuffers<T>::plan(Arena& arena, const EventLayerShape& shape, const TemporalBasis& basis) {
  if (basis.shapes == 0) return;
  mixed = arena.take<T>(shape.channels * basis.shapes * shape.features);
  const auto s = sums_of(shape, basis);
  sums = arena.take<T>(s.windows * s.duration * s.features);
}

template <class T>
void event_layer_forward(const EventLayerShape& s, const TemporalBasis& basis,
                         std::span<const int32_t> events, const T* weight, T* output,
                         const EventLayerBuffers<T>& buffers, const Parallel& parallel) {
  if (basis.shapes == 0) return event_convolution_forward(free_taps(s), events, weight, output, parallel);
  mix_rows(s.channels, basis.shapes, basis.shapes, s.features, basis.mixture.data(), weight, buffers.mixed,
           parallel);
  event_convolution_forward<T>(sums_of(s, basis), events, buffers.mixed, buffers.sums, parallel);
  exponential_filter_forward<T>(filter_of(s, basis), buffers.sums, basis.decay.data(), output, parallel);
}

template <class T>
void event_layer_backward(const EventLayerShape& s, const TemporalBasis& basis,
                          std::span<const int32_t> events, const T* output_gradient, T* weight_gradient,
                          const EventLayerBuffers<T>& buffers, const Parallel& parallel) {
  if (basis.shapes == 0)
    return event_convolution_weight_gradient(free_taps(s), events, output_gradient, weight_gradient,
                                             parallel);
  exponential_filter_input_gradient<T>(filter_of(s, basis), output_gradient, basis.decay.data(), buffers.sums,
                                       parallel);
  event_convolution_weight_gradient<T>(sums_of(s, basis), events, buffers.sums, buffers.mixed, parallel);
  mix_rows<T>(s.channels, basis.shapes, basis.shapes, s.features,
              transposed(basis.mixture, basis.shapes).data(), buffers.mixed, weight_gradient, parallel);
}

template struct EventLayerBuffers<float>;
template struct EventLayerBuffers<double>;
template void event_layer_forward(const EventLayerShape&, const TemporalBasis&, std::span<const int32_t>,
                                  const float*, float*, const EventLayerBuffers<float>&, const Parallel&);
template void event_layer_forward(const EventLayerShape&, const TemporalBasis&, std::span<const int32_t>,
                                  const double*, double*, const EventLayerBuffers<double>&, const Parallel&);
template void event_layer_backward(const EventLayerShape&, const TemporalBasis&, std::span<const int32_t>,
                                   const float*, float*, const EventLayerBuffers<float>&, const Parallel&);
template void event_layer_backward(const EventLayerShape&, const TemporalBasis&, std::span<const int32_t>,
                                   const double*, double*, const EventLayerBuffers<double>&, const Parallel&);

}  // namespace nt::twin
