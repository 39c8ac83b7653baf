#include "twin/detail/convolutional_stream.hpp"

#include <algorithm>
#include <utility>

namespace nt::twin {

template <class T>
ConvolutionalStream<T>::ConvolutionalStream(const ConvolutionalNetwork<T>& network, const T* numbers,
                                            int64_t streams, const Parallel& parallel)
    : network_(network),
      streams_(streams),
      first_(streams, network.channels_, network.spec_.layers.front().taps,
             network.spec_.layers.front().features, network.basis_, numbers + network.places_.front().weight,
             parallel) {
  const auto& spec = network.spec_;
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    auto& layer = layers_.emplace_back();
    const auto after = network.after(i, numbers);
    layer.features = spec.layers[i].features;
    layer.bias = after.bias;
    layer.adds_input = spec.adds_input(i);
    if (i > 0) layer.input = SlidingRows<T>(streams, spec.layers[i].reach_ms(), layers_[i - 1].features);
    if (spec.batch_norm) running_normalisation(after, layer.features, layer.factor, layer.offset);
  }
  std::vector<T*> packed(layers_.size());
  weights_.plan([&](Arena& arena) {
    for (size_t i = 1; i < layers_.size(); ++i) packed[i] = arena.take<T>(packed_weights<T>(shape_of(i, 1)));
  });
  for (size_t i = 1; i < layers_.size(); ++i) {
    pack_weights(shape_of(i, 1), numbers + network.places_[i].weight, packed[i]);
    layers_[i].weight = packed[i];
  }
  // Before the first ms there was silence, for as long as any output looks back.
  const int64_t history_ms = spec.window_ms() - 1;
  if (history_ms == 0) return;
  if (streams > 1) {
    const auto silent = ConvolutionalStream(network, numbers, 1, {}).state(0);
    for (int64_t s = 0; s < streams; ++s) set_state(s, silent);
  } else {
    features({{}, streams, history_ms}, parallel);
  }
}

template <class T>
ConvolutionStreamShape ConvolutionalStream<T>::shape_of(size_t i, int64_t ms) const {
  const auto& l = network_.spec_.layers[i];
  return {streams_, ms, l.taps, layers_[i - 1].features, l.features, l.dilation, layers_[i].input.stride()};
}

template <class T>
void ConvolutionalStream<T>::append(Layer& layer, const T* rows, int64_t ms) const {
  auto& input = layer.input;
  input.make_room(ms);
  const int64_t now = ms * input.features();
  for (int64_t s = 0; s < streams_; ++s)
    std::copy_n(rows + s * now, now, input.begin() + s * input.stride() + input.kept() * input.features());
}

template <class T>
void ConvolutionalStream<T>::advance(const SpikeWindows& spikes, const HeadsLayer<T>& heads, T* outputs,
                                     const Parallel& parallel) {
  const T* x = features(spikes, parallel);
  heads.prepared_forward(x, spikes.windows * spikes.window_ms, outputs, parallel);
}

template <class T>
const T* ConvolutionalStream<T>::features(const SpikeWindows& spikes, const Parallel& parallel) {
  const int64_t ms = spikes.window_ms, rows = streams_ * ms;
  T *x = nullptr, *last = nullptr;
  const int64_t width = network_.spec_.width();
  arena_.plan([&](Arena& arena) {
    x = arena.take<T>(rows * width);
    last = arena.take<T>(rows * width);
  });
  for (size_t i = 0; i < layers_.size(); ++i) {
    auto& layer = layers_[i];
    if (i == 0) {
      first_.advance(spikes.events, ms, x, parallel);
    } else {
      append(layer, last, ms);
      convolution_stream(shape_of(i, ms), layer.input.begin(), layer.weight, x, parallel);
      layer.input.move_on(ms);
    }
    const SignalShape signal{rows, layer.features};
    activate<T>(signal, network_.spec_.activation == Activation::relu, layer.bias, x, nullptr, nullptr,
                parallel);
    if (!layer.factor.empty())
      scale_and_shift(signal, x, layer.factor.data(), layer.offset.data(), x, parallel);
    if (layer.adds_input) {
      for (int64_t n = 0; n < rows * layer.features; ++n) x[n] += last[n];
    }
    std::swap(x, last);
  }
  return last;
}

template <class T>
std::vector<T> ConvolutionalStream<T>::state(int64_t stream) const {
  std::vector<T> all;
  first_.append_state(stream, all);
  for (size_t i = 1; i < layers_.size(); ++i) layers_[i].input.append_state(stream, all);
  return all;
}

template <class T>
void ConvolutionalStream<T>::set_state(int64_t stream, std::span<const T> state) {
  state = first_.set_state(stream, state);
  for (size_t i = 1; i < layers_.size(); ++i) state = layers_[i].input.set_state(stream, state);
}

template class ConvolutionalStream<float>;
template class ConvolutionalStream<double>;

}  // namespace nt::twin
