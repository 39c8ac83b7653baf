#include "twin/detail/tree_network.hpp"

#include <algorithm>

#include "twin/detail/event_order.hpp"
#include "twin/detail/tree_stream.hpp"

namespace nt::twin {

std::vector<int32_t> spikes_on_leaves(const Wiring& leaves, int64_t windows,
                                      std::span<const int32_t> events) {
  std::vector<Event> all;
  for (size_t e = 0; e + 2 < events.size(); e += 3) {
    const auto channel = static_cast<size_t>(events[e + 1]);
    for (int64_t k = leaves.first[channel]; k < leaves.first[channel + 1]; ++k) {
      const int64_t window = events[e] * leaves.branches + leaves.branch[k];
      all.push_back({static_cast<int32_t>(window), static_cast<int32_t>(k), events[e + 2]});
    }
  }
  const auto sorted = in_order(all, windows * leaves.branches, [](const Event& e) { return e.window; });
  std::vector<int32_t> result;
  result.reserve(3 * all.size());
  for (const auto& e : sorted.events) result.insert(result.end(), {e.window, e.channel, e.time});
  return result;
}

template <class T>
TreeNetwork<T>::TreeNetwork(const TreeSpec& spec, const ParameterLayout& layout) : spec_(spec) {
  if (spec_.temporal_shapes > 0) basis_ = temporal_basis(spec_.layers.front().taps, spec_.temporal_shapes);
  for (size_t i = 0; i < spec_.layers.size(); ++i) {
    const auto at = [&](const char* what) {
      return layout.offset(fmt::format("tree.layer{}_{}", i + 1, what));
    };
    places_.push_back({at("weight"), at("bias")});
    if (!spec_.batch_norm) continue;
    places_.back() = {at("weight"),     at("bias"),      at("norm_scale"),
                      at("norm_shift"), at("norm_mean"), at("norm_variance")};
  }
}

template <class T>
int64_t TreeNetwork<T>::drive_ms(int64_t window_ms) const {
  return window_ms + spec_.window_ms() - 1 - spec_.layers.front().reach_ms();
}

template <class T>
AfterConvolution<T> TreeNetwork<T>::after(size_t layer, const T* numbers) const {
  const auto& p = places_[layer];
  AfterConvolution<T> a{.bias = numbers + p.bias};
  if (p.scale < 0) return a;
  a.scale = numbers + p.scale;
  a.shift = numbers + p.shift;
  a.mean = const_cast<T*>(numbers) + p.mean;
  a.variance = const_cast<T*>(numbers) + p.variance;
  return a;
}

template <class T>
AfterConvolutionGradients<T> TreeNetwork<T>::after_gradients(size_t layer, T* gradients) const {
  if (gradients == nullptr) return {};
  const auto& p = places_[layer];
  if (p.scale < 0) return {.bias = gradients + p.bias};
  return {gradients + p.bias, gradients + p.scale, gradients + p.shift};
}

template <class T>
MergeShape TreeNetwork<T>::merge_shape(size_t layer) const {
  const auto& l = spec_.layers[layer];
  return {windows_,   passes_[layer].duration,          l.taps, spec_.layers[layer - 1].features,
          l.features, spec_.tree.first_child[layer - 1]};
}

template <class T>
EventLayerShape TreeNetwork<T>::event_shape() const {
  const auto& first = spec_.layers.front();
  const auto& leaves = spec_.tree.leaves;
  return {windows_ * leaves.branches, leaves.contacts(), passes_.front().duration, first.taps,
          first.features};
}

template <class T>
void TreeNetwork<T>::plan(int64_t windows, int64_t window_ms, bool backward) {
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
    by_leaf_ = arena.take<T>(windows * passes_.front().duration * spec_.layer_width(0));
    int64_t largest = 0;
    for (size_t i = 0; i < passes_.size(); ++i) {
      auto& pass = passes_[i];
      const int64_t size = windows * pass.duration * spec_.layer_width(i);
      largest = std::max(largest, size);
      pass.x = arena.take<T>(size);
      pass.y = spec_.batch_norm ? arena.take<T>(size) : pass.x;
    }
    if (!backward) return;
    x_gradient_ = arena.take<T>(largest);
    y_gradient_ = arena.take<T>(largest);
  });
}

template <class T>
T* TreeNetwork<T>::drive(const T* numbers, const SpikeWindows& input, const Parallel& parallel) {
  const auto& leaves = spec_.tree.leaves;
  const auto events = spikes_on_leaves(leaves, windows_, input.events);
  event_layer_forward<T>(event_shape(), basis_, events, numbers + places_.front().weight, by_leaf_,
                         event_buffers_, parallel);
  T* x = passes_.front().x;
  const int64_t duration = passes_.front().duration, channels = spec_.layers.front().features;
  parallel.run(windows_, [&](int64_t w) {
    for (int64_t leaf = 0; leaf < leaves.branches; ++leaf) {
      copy_columns(by_leaf_ + (w * leaves.branches + leaf) * duration * channels, channels,
                   x + w * duration * drive_width() + leaf * channels, drive_width(), duration, channels);
    }
  });
  return x;
}

template <class T>
void TreeNetwork<T>::drive_backward(const T*, const SpikeWindows& input, const T* drive_gradient,
                                    T* gradients, const Parallel& parallel) {
  const auto& leaves = spec_.tree.leaves;
  const int64_t duration = passes_.front().duration, channels = spec_.layers.front().features;
  parallel.run(windows_, [&](int64_t w) {
    for (int64_t leaf = 0; leaf < leaves.branches; ++leaf) {
      copy_columns(drive_gradient + w * duration * drive_width() + leaf * channels, drive_width(),
                   by_leaf_ + (w * leaves.branches + leaf) * duration * channels, channels, duration,
                   channels);
    }
  });
  const auto events = spikes_on_leaves(leaves, windows_, input.events);
  event_layer_backward<T>(event_shape(), basis_, events, by_leaf_, gradients + places_.front().weight,
                          event_buffers_, parallel);
}

template <class T>
const T* TreeNetwork<T>::above(T* numbers, NormBy norm, const Parallel& parallel) {
  for (size_t i = 0; i < passes_.size(); ++i) {
    auto& pass = passes_[i];
    if (i > 0) merge_forward(merge_shape(i), passes_[i - 1].y, numbers + places_[i].weight, pass.x, parallel);
    const SignalShape signal{windows_ * pass.duration, spec_.layer_width(i)};
    after_leaky_forward(signal, spec_.leak, after(i, numbers), norm, pass.x, pass.y, pass.memory, parallel);
  }
  return passes_.back().y;
}

template <class T>
const T* TreeNetwork<T>::above_backward(const T* numbers, T* feature_gradient, T* gradients,
                                        const Parallel& parallel) {
  const T* of_y = feature_gradient;
  for (size_t i = passes_.size(); i-- > 0;) {
    const auto& pass = passes_[i];
    const SignalShape signal{windows_ * pass.duration, spec_.layer_width(i)};
    after_leaky_backward(signal, spec_.leak, after(i, numbers), pass.memory, of_y, x_gradient_,
                         after_gradients(i, gradients), parallel);
    if (i == 0) break;
    merge_backward(merge_shape(i), passes_[i - 1].y, numbers + places_[i].weight, x_gradient_,
                   gradients == nullptr ? nullptr : gradients + places_[i].weight, y_gradient_, parallel);
    of_y = y_gradient_;
  }
  return x_gradient_;
}

template <class T>
std::vector<double> TreeNetwork<T>::filters(const T* numbers) const {
  const auto& first = spec_.layers.front();
  const int64_t contacts = spec_.tree.leaves.contacts(), channels = first.features;
  const T* weight = numbers + places_.front().weight;
  if (basis_.shapes == 0) return {weight, weight + spec_.weights(0)};
  std::vector<double> all(contacts * first.taps * channels, 0.0);
  for (int64_t row = 0; row < contacts * basis_.shapes; ++row) {
    const double* function = &basis_.function[row % basis_.shapes * first.taps];
    double* to = &all[row / basis_.shapes * first.taps * channels];
    for (int64_t i = 0; i < first.taps * channels; ++i)
      to[i] += function[i / channels] * static_cast<double>(weight[row * channels + i % channels]);
  }
  return all;
}

template <class T>
std::vector<double> TreeNetwork<T>::spike_gradients(const T* numbers, const SpikeWindows& input,
                                                    std::span<const T> drive_gradient) const {
  const auto& leaves = spec_.tree.leaves;
  const int64_t taps = spec_.layers.front().taps, channels = spec_.layers.front().features;
  const int64_t duration = drive_ms(input.window_ms);
  const auto filter = filters(numbers);
  std::vector<double> of_spike;
  for (size_t e = 0; e + 2 < input.events.size(); e += 3) {
    const int64_t window = input.events[e], time = input.events[e + 2];
    const auto channel = static_cast<size_t>(input.events[e + 1]);
    double sum = 0;
    for (int64_t k = leaves.first[channel]; k < leaves.first[channel + 1]; ++k) {
      const int64_t column = leaves.branch[k] * channels;
      // The drive's time t is at taps - 1 + t of the window's.
      for (int64_t t = std::max<int64_t>(0, time - taps + 1); t < std::min(duration, time + 1); ++t) {
        const T* gradient = &drive_gradient[(window * duration + t) * drive_width() + column];
        const double* w = &filter[(k * taps + taps - 1 + t - time) * channels];
        for (int64_t f = 0; f < channels; ++f) sum += static_cast<double>(gradient[f]) * w[f];
      }
    }
    of_spike.push_back(sum);
  }
  return of_spike;
}

template <class T>
std::vector<HiddenSignal<T>> TreeNetwork<T>::hidden() const {
  std::vector<HiddenSignal<T>> all;
  const auto names = spec_.layer_names();
  for (size_t i = 0; i < passes_.size(); ++i) {
    all.push_back(last_of_windows<T>(names[i], passes_[i].y, windows_, passes_[i].duration, window_ms_,
                                     spec_.layer_width(i)));
  }
  return all;
}

template <class T>
std::unique_ptr<NetworkStream<T>> TreeNetwork<T>::stream(const T* numbers, int64_t streams,
                                                         const Parallel& parallel) const {
  return std::make_unique<TreeStream<T>>(*this, numbers, streams, parallel);
}

template class TreeNetwork<float>;
template class TreeNetwork<double>;

}  // namespace nt::twin
