#include "twin/convolutional_stream.hpp"

#include <algorithm>

namespace neurontwin {
namespace {

constexpr int64_t kFewMs = 16;  // for which sorting spikes by channel does not pay

}  // namespace

template <class T>
ConvolutionalStream<T>::ConvolutionalStream(const ConvolutionalNetwork<T>& network, const T* numbers,
                                            int64_t streams, const Parallel& parallel)
    : network_(network), numbers_(numbers), streams_(streams) {
  const auto& layers = network.spec_.layers;
  for (size_t i = 1; i < layers.size(); ++i) {
    const int64_t reach = layers[i].reach_ms(), features = layers[i - 1].features;
    past_.push_back({reach, features, std::vector<T>(static_cast<size_t>(streams * reach * features)), {}});
  }
  // Before the first ms there was silence, for as long as any output looks back.
  if (const int64_t history_ms = network.spec_.window_ms() - 1; history_ms > 0)
    advance({{}, streams, history_ms}, parallel);
}

template <class T>
void ConvolutionalStream<T>::plan(int64_t ms) {
  if (ms == planned_ms_) return;
  const auto& spec = network_.spec_;
  const auto& first = spec.layers.front();
  buffers_.resize(spec.layers.size());
  x_.resize(spec.layers.size());
  y_.resize(spec.layers.size());
  arena_.plan([&](Arena& arena) {
    event_buffers_.plan(arena, {streams_, network_.channels_, ms, first.taps, first.features},
                        network_.basis_);
    for (size_t i = 0; i < spec.layers.size(); ++i) {
      const auto& l = spec.layers[i];
      x_[i] = arena.take<T>(streams_ * ms * l.features);
      y_[i] = spec.batch_norm || spec.adds_input(i) ? arena.take<T>(streams_ * ms * l.features) : x_[i];
      if (i == 0) continue;
      auto& past = past_[i - 1];
      past.input = arena.take<T>(streams_ * (past.reach_ms + ms) * past.features);
      buffers_[i].plan(arena, {streams_, ms, l.taps, past.features, l.features, l.dilation});
    }
  });
  planned_ms_ = ms;
}

/// Those kept come first, and so do earlier streams: the layer wants them sorted by stream.
template <class T>
void ConvolutionalStream<T>::take_spikes(const SpikeWindows& spikes) {
  const auto kept = static_cast<int32_t>(network_.spec_.layers.front().taps - 1);
  struct Spike {
    int32_t stream, channel, time;
  };
  std::vector<Spike> all;
  for (size_t e = 0; e + 2 < spikes_.size(); e += 3)
    all.push_back({spikes_[e], spikes_[e + 1], spikes_[e + 2]});
  for (size_t e = 0; e + 2 < spikes.events.size(); e += 3)
    all.push_back({spikes.events[e], spikes.events[e + 1], spikes.events[e + 2] + kept});
  std::ranges::stable_sort(all, {}, &Spike::stream);
  spikes_.clear();
  for (const auto& s : all) spikes_.insert(spikes_.end(), {s.stream, s.channel, s.time});
}

template <class T>
void ConvolutionalStream<T>::forget_spikes(int64_t ms) {
  size_t kept = 0;
  for (size_t e = 0; e + 2 < spikes_.size(); e += 3) {
    if (spikes_[e + 2] < ms) continue;
    spikes_[kept++] = spikes_[e];
    spikes_[kept++] = spikes_[e + 1];
    spikes_[kept++] = spikes_[e + 2] - static_cast<int32_t>(ms);
  }
  spikes_.resize(kept);
}

template <class T>
const T* ConvolutionalStream<T>::first_layer(int64_t ms, const Parallel& parallel) {
  const auto& first = network_.spec_.layers.front();
  const T* weight = numbers_ + network_.places_.front().weight;
  const EventLayerShape s{streams_, network_.channels_, ms, first.taps, first.features};
  if (ms < kFewMs && network_.basis_.shapes == 0) {
    event_convolution_forward_reference({s.windows, s.channels, s.duration, s.taps, s.features}, spikes_,
                                        weight, x_.front());
  } else {
    event_layer_forward(s, network_.basis_, spikes_, weight, x_.front(), event_buffers_, parallel);
  }
  return x_.front();
}

template <class T>
void ConvolutionalStream<T>::append(Past& past, const T* rows, int64_t ms) {
  const int64_t old = past.reach_ms * past.features, now = ms * past.features;
  for (int64_t s = 0; s < streams_; ++s) {
    T* input = past.input + s * (old + now);
    T* kept = past.kept.data() + s * old;
    std::copy_n(kept, old, input);
    std::copy_n(rows + s * now, now, input + old);
    std::copy_n(input + now, old, kept);
  }
}

template <class T>
const T* ConvolutionalStream<T>::advance(const SpikeWindows& spikes, const Parallel& parallel) {
  const int64_t ms = spikes.window_ms;
  const auto& spec = network_.spec_;
  plan(ms);
  take_spikes(spikes);
  first_layer(ms, parallel);
  forget_spikes(ms);
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const auto& l = spec.layers[i];
    if (i > 0) {
      auto& past = past_[i - 1];
      append(past, y_[i - 1], ms);
      convolution_forward({streams_, ms, l.taps, past.features, l.features, l.dilation}, past.input,
                          numbers_ + network_.places_[i].weight, x_[i], buffers_[i], parallel);
    }
    AfterConvolutionMemory<T> memory;
    const SignalShape signal{streams_ * ms, l.features};
    after_convolution_forward(signal, network_.after(i, numbers_), NormBy::running, x_[i], y_[i], memory,
                              parallel);
    if (!spec.adds_input(i)) continue;
    const int64_t numbers = signal.rows * signal.features;
    if (!spec.batch_norm) std::copy_n(x_[i], numbers, y_[i]);
    for (int64_t n = 0; n < numbers; ++n) y_[i][n] += y_[i - 1][n];
  }
  return y_.back();
}

template class ConvolutionalStream<float>;
template class ConvolutionalStream<double>;

}  // namespace neurontwin
