#include "twin/detail/convolutional_network.hpp"

#include <algorithm>

#include "twin/detail/convolutional_stream.hpp"

namespace nt::twin {
namespace {

/// Adds one signal to another where their windows overlap, which end at the same time.
template <class T>
void add_ends(int64_t windows, int64_t features, const T* from, int64_t from_ms, T* to, int64_t to_ms,
              const Parallel& parallel) {
  const int64_t overlap_ms = std::min(from_ms, to_ms);
  parallel.run(windows, [&](int64_t w) {
    const T* a = from + ((w + 1) * from_ms - overlap_ms) * features;
    T* b = to + ((w + 1) * to_ms - overlap_ms) * features;
    for (int64_t i = 0; i < overlap_ms * features; ++i) b[i] += a[i];
  });
}

}  // namespace

template <class T>
ConvolutionalNetwork<T>::ConvolutionalNetwork(const ConvolutionalSpec& spec, const ParameterLayout& layout,
                                              int64_t channels)
    : spec_(spec), channels_(channels) {
  if (spec_.temporal_shapes > 0) basis_ = temporal_basis(spec_.layers.front().taps, spec_.temporal_shapes);
  for (size_t i = 0; i < spec_.layers.size(); ++i) {
    const auto at = [&](const char* what) { return layout.offset(fmt::format("layer{}_{}", i + 1, what)); };
    places_.push_back({at("weight"), at("bias")});
    if (!spec_.batch_norm) continue;
    places_.back() = {at("weight"),     at("bias"),      at("norm_scale"),
                      at("norm_shift"), at("norm_mean"), at("norm_variance")};
  }
}

template <class T>
int64_t ConvolutionalNetwork<T>::drive_ms(int64_t window_ms) const {
  return window_ms + spec_.window_ms() - 1 - spec_.layers.front().reach_ms();
}

template <class T>
AfterConvolution<T> ConvolutionalNetwork<T>::after(size_t layer, const T* numbers) const {
  const auto& p = places_[layer];
  AfterConvolution<T> a{.relu = spec_.activation == Activation::relu, .bias = numbers + p.bias};
  if (p.scale < 0) return a;
  a.scale = numbers + p.scale;
  a.shift = numbers + p.shift;
  a.mean = const_cast<T*>(numbers) + p.mean;
  a.variance = const_cast<T*>(numbers) + p.variance;
  return a;
}

template <class T>
AfterConvolutionGradients<T> ConvolutionalNetwork<T>::after_gradients(size_t layer, T* gradients) const {
  if (gradients == nullptr) return {};
  const auto& p = places_[layer];
  if (p.scale < 0) return {.bias = gradients + p.bias};
  return {gradients + p.bias, gradients + p.scale, gradients + p.shift};
}

template <class T>
ConvolutionShape ConvolutionalNetwork<T>::shape_of(size_t layer) const {
  const auto& l = spec_.layers[layer];
  return {windows_,  passes_[layer].duration, l.taps, spec_.layers[layer - 1].features, l.features,
          l.dilation};
}

template <class T>
EventLayerShape ConvolutionalNetwork<T>::event_shape() const {
  const auto& first = spec_.layers.front();
  return {windows_, channels_, passes_.front().duration, first.taps, first.features};
}

template <class T>
void ConvolutionalNetwork<T>::plan(int64_t windows, int64_t window_ms, bool backward) {
  windows_ = windows;
  window_ms_ = window_ms;
  passes_.resize(spec_.layers.size());
  int64_t duration = drive_ms(window_ms);
  for (size_t i = 0; i < passes_.size(); ++i) {
    if (i > 0) duration -= spec_.layers[i].reach_ms();
    passes_[i].duration = duration;
  }
  arena_.plan([&](Arena& arena) {
    event_buffers_.plan(arena, event_shape(), basis_);
    int64_t largest = 0;
    for (size_t i = 0; i < passes_.size(); ++i) {
      auto& pass = passes_[i];
      const int64_t size = windows * pass.duration * spec_.layers[i].features;
      largest = std::max(largest, size);
      pass.x = arena.take<T>(size);
      pass.y = spec_.batch_norm || spec_.adds_input(i) ? arena.take<T>(size) : pass.x;
      if (i > 0) pass.buffers.plan(arena, shape_of(i));
    }
    if (!backward) return;
    x_gradient_ = arena.take<T>(largest);
    for (T*& buffer : y_gradient_) buffer = arena.take<T>(largest);
  });
}

template <class T>
T* ConvolutionalNetwork<T>::drive(const T* numbers, const SpikeWindows& input, const Parallel& parallel) {
  T* x = passes_.front().x;
  event_layer_forward(event_shape(), basis_, input.events, numbers + places_.front().weight, x,
                      event_buffers_, parallel);
  return x;
}

template <class T>
const T* ConvolutionalNetwork<T>::above(T* numbers, NormBy norm, const Parallel& parallel) {
  for (size_t i = 0; i < passes_.size(); ++i) {
    auto& pass = passes_[i];
    if (i > 0) {
      convolution_forward(shape_of(i), passes_[i - 1].y, numbers + places_[i].weight, pass.x, pass.buffers,
                          parallel);
    }
    const SignalShape signal{windows_ * pass.duration, spec_.layers[i].features};
    after_convolution_forward(signal, after(i, numbers), norm, pass.x, pass.y, pass.memory, parallel);
    if (!spec_.adds_input(i)) continue;
    if (!spec_.batch_norm) std::copy_n(pass.x, signal.rows * signal.features, pass.y);
    add_ends(windows_, signal.features, passes_[i - 1].y, passes_[i - 1].duration, pass.y, pass.duration,
             parallel);
  }
  return passes_.back().y;
}

template <class T>
const T* ConvolutionalNetwork<T>::above_backward(const T* numbers, T* feature_gradient, T* gradients,
                                                 const Parallel& parallel) {
  T* of_y = feature_gradient;
  for (size_t i = passes_.size(); i-- > 0;) {
    auto& pass = passes_[i];
    const SignalShape signal{windows_ * pass.duration, spec_.layers[i].features};
    after_convolution_backward(signal, after(i, numbers), pass.memory, of_y, x_gradient_,
                               after_gradients(i, gradients), parallel);
    if (i == 0) break;
    T* of_input = y_gradient_[i % 2];
    convolution_backward(shape_of(i), passes_[i - 1].y, numbers + places_[i].weight, x_gradient_,
                         gradients == nullptr ? nullptr : gradients + places_[i].weight, of_input,
                         pass.buffers, parallel);
    if (spec_.adds_input(i))
      add_ends(windows_, signal.features, of_y, pass.duration, of_input, passes_[i - 1].duration, parallel);
    of_y = of_input;
  }
  return x_gradient_;
}

template <class T>
void ConvolutionalNetwork<T>::drive_backward(const T*, const SpikeWindows& input, const T* drive_gradient,
                                             T* gradients, const Parallel& parallel) {
  event_layer_backward(event_shape(), basis_, input.events, drive_gradient,
                       gradients + places_.front().weight, event_buffers_, parallel);
}

template <class T>
std::vector<double> ConvolutionalNetwork<T>::filters(const T* numbers) const {
  const auto& first = spec_.layers.front();
  const T* weight = numbers + places_.front().weight;
  if (basis_.shapes == 0) return {weight, weight + channels_ * first.taps * first.features};
  std::vector<double> all(channels_ * first.taps * first.features, 0.0);
  for (int64_t c = 0; c < channels_; ++c) {
    for (int64_t r = 0; r < basis_.shapes; ++r) {
      const T* of_shape = weight + (c * basis_.shapes + r) * first.features;
      for (int64_t k = 0; k < first.taps; ++k) {
        const double function = basis_.function[r * first.taps + k];
        double* to = &all[(c * first.taps + k) * first.features];
        for (int64_t f = 0; f < first.features; ++f) to[f] += function * static_cast<double>(of_shape[f]);
      }
    }
  }
  return all;
}

template <class T>
std::vector<double> ConvolutionalNetwork<T>::spike_gradients(const T* numbers, const SpikeWindows& input,
                                                             std::span<const T> drive_gradient) const {
  const auto& first = spec_.layers.front();
  const int64_t taps = first.taps, features = first.features, duration = drive_ms(input.window_ms);
  const auto filter = filters(numbers);
  std::vector<double> of_spike;
  for (size_t e = 0; e + 2 < input.events.size(); e += 3) {
    const int64_t window = input.events[e], channel = input.events[e + 1], time = input.events[e + 2];
    double sum = 0;
    // The drive's time t is at taps - 1 + t of the window's; a spike reaches it through tap taps - 1 + t -
    // time.
    for (int64_t t = std::max<int64_t>(0, time - taps + 1); t < std::min(duration, time + 1); ++t) {
      const T* gradient = &drive_gradient[(window * duration + t) * features];
      const double* w = &filter[(channel * taps + taps - 1 + t - time) * features];
      for (int64_t f = 0; f < features; ++f) sum += static_cast<double>(gradient[f]) * w[f];
    }
    of_spike.push_back(sum);
  }
  return of_spike;
}

template <class T>
std::vector<HiddenSignal<T>> ConvolutionalNetwork<T>::hidden() const {
  std::vector<HiddenSignal<T>> all;
  const auto names = spec_.layer_names();
  for (size_t i = 0; i < passes_.size(); ++i) {
    all.push_back(last_of_windows<T>(names[i], passes_[i].y, windows_, passes_[i].duration, window_ms_,
                                     spec_.layers[i].features));
  }
  return all;
}

template <class T>
std::unique_ptr<NetworkStream<T>> ConvolutionalNetwork<T>::stream(const T* numbers, int64_t streams,
                                                                  const Parallel& parallel) const {
  return std::make_unique<ConvolutionalStream<T>>(*this, numbers, streams, parallel);
}

template class ConvolutionalNetwork<float>;
template class ConvolutionalNetwork<double>;

}  // namespace nt::twin
