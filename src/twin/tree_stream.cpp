#include "twin/detail/tree_stream.hpp"

#include <algorithm>
#include <utility>

namespace nt::twin {

template <class T>
TreeStream<T>::TreeStream(const TreeNetwork<T>& network, const T* numbers, int64_t streams,
                          const Parallel& parallel)
    : network_(network),
      streams_(streams),
      first_(streams * network.spec_.tree.leaves.branches, network.spec_.tree.leaves.contacts(),
             network.spec_.layers.front().taps, network.spec_.layers.front().features, network.basis_,
             numbers + network.places_.front().weight, parallel) {
  const auto& spec = network.spec_;
  for (size_t i = 0; i < spec.layers.size(); ++i) add_layer(i, numbers);
  weights_.plan([&](Arena& arena) {
    for (size_t i = 1; i < layers_.size(); ++i) {
      const T* weight = numbers + network.places_[i].weight;
      for (auto& node : layers_[i].nodes) {
        const auto shape = shape_of(i, node, 1);
        T* packed = arena.take<T>(packed_weights<T>(shape));
        if (packed != nullptr) pack_weights(shape, weight, packed);
        node.weight = packed;
        weight += shape.taps * shape.inputs * shape.outputs;
      }
    }
  });
  // Before the first ms there was silence, for as long as any output looks back.
  const int64_t history_ms = spec.window_ms() - 1;
  if (history_ms == 0) return;
  if (streams > 1) {
    const auto silent = TreeStream(network, numbers, 1, {}).state(0);
    for (int64_t s = 0; s < streams; ++s) set_state(s, silent);
  } else {
    features({{}, streams, history_ms}, parallel);
  }
}

template <class T>
void TreeStream<T>::add_layer(size_t i, const T* numbers) {
  const auto& spec = network_.spec_;
  auto& layer = layers_.emplace_back();
  const auto after = network_.after(i, numbers);
  layer.width = spec.layer_width(i);
  layer.bias = after.bias;
  if (spec.batch_norm) running_normalisation(after, layer.width, layer.factor, layer.offset);
  if (i == 0) return;
  const auto& first = spec.tree.first_child[i - 1];
  const int64_t channels = spec.layers[i - 1].features;
  for (size_t n = 0; n + 1 < first.size(); ++n) {
    const int64_t inputs = (first[n + 1] - first[n]) * channels;
    layer.nodes.push_back(
        {inputs, first[n] * channels, SlidingRows<T>(streams_, spec.layers[i].reach_ms(), inputs), nullptr});
  }
}

template <class T>
ConvolutionStreamShape TreeStream<T>::shape_of(size_t i, const Node& node, int64_t ms) const {
  const auto& l = network_.spec_.layers[i];
  return {streams_, ms, l.taps, node.inputs, l.features, 1, node.input.stride()};
}

template <class T>
void TreeStream<T>::advance_leaves(const SpikeWindows& spikes, T* x, const Parallel& parallel) {
  const auto& leaves = network_.spec_.tree.leaves;
  const int64_t ms = spikes.window_ms, channels = network_.spec_.layers.front().features;
  const int64_t row = layers_.front().width;
  by_leaf_.resize(streams_ * ms * row);
  first_.advance(spikes_on_leaves(leaves, streams_, spikes.events), ms, by_leaf_.data(), parallel);
  for (int64_t s = 0; s < streams_; ++s) {
    for (int64_t leaf = 0; leaf < leaves.branches; ++leaf) {
      copy_columns(by_leaf_.data() + (s * leaves.branches + leaf) * ms * channels, channels,
                   x + s * ms * row + leaf * channels, row, ms, channels);
    }
  }
}

template <class T>
void TreeStream<T>::advance_node(size_t i, size_t n, int64_t ms, const T* last, T* x) {
  auto& layer = layers_[i];
  auto& node = layer.nodes[n];
  auto& input = node.input;
  const int64_t below = layers_[i - 1].width, outputs = network_.spec_.layers[i].features;
  input.make_room(ms);
  for (int64_t s = 0; s < streams_; ++s) {
    copy_columns(last + s * ms * below + node.input_at, below,
                 input.begin() + s * input.stride() + input.kept() * node.inputs, node.inputs, ms,
                 node.inputs);
  }
  std::vector<T> output(streams_ * ms * outputs);
  convolution_stream<T>(shape_of(i, node, ms), input.begin(), node.weight, output.data(), {});
  input.move_on(ms);
  copy_columns(output.data(), outputs, x + static_cast<int64_t>(n) * outputs, layer.width, streams_ * ms,
               outputs);
}

template <class T>
void TreeStream<T>::advance(const SpikeWindows& spikes, const HeadsLayer<T>& heads, T* outputs,
                            const Parallel& parallel) {
  const T* x = features(spikes, parallel);
  heads.prepared_forward(x, spikes.windows * spikes.window_ms, outputs, parallel);
}

template <class T>
const T* TreeStream<T>::features(const SpikeWindows& spikes, const Parallel& parallel) {
  const int64_t ms = spikes.window_ms, rows = streams_ * ms;
  T *x = nullptr, *last = nullptr;
  arena_.plan([&](Arena& arena) {
    x = arena.take<T>(rows * network_.spec_.width());
    last = arena.take<T>(rows * network_.spec_.width());
  });
  for (size_t i = 0; i < layers_.size(); ++i) {
    auto& layer = layers_[i];
    if (i == 0) {
      advance_leaves(spikes, x, parallel);
    } else {
      parallel.run(std::ssize(layer.nodes),
                   [&](int64_t n) { advance_node(i, static_cast<size_t>(n), ms, last, x); });
    }
    const SignalShape signal{rows, layer.width};
    leaky_activate(signal, network_.spec_.leak, layer.bias, x, parallel);
    if (!layer.factor.empty())
      scale_and_shift(signal, x, layer.factor.data(), layer.offset.data(), x, parallel);
    std::swap(x, last);
  }
  return last;
}

template <class T>
std::vector<T> TreeStream<T>::state(int64_t stream) const {
  std::vector<T> all;
  const int64_t leaves = network_.spec_.tree.leaves.branches;
  for (int64_t leaf = 0; leaf < leaves; ++leaf) first_.append_state(stream * leaves + leaf, all);
  for (const auto& layer : layers_) {
    for (const auto& node : layer.nodes) node.input.append_state(stream, all);
  }
  return all;
}

template <class T>
void TreeStream<T>::set_state(int64_t stream, std::span<const T> state) {
  const int64_t leaves = network_.spec_.tree.leaves.branches;
  for (int64_t leaf = 0; leaf < leaves; ++leaf) state = first_.set_state(stream * leaves + leaf, state);
  for (auto& layer : layers_) {
    for (auto& node : layer.nodes) state = node.input.set_state(stream, state);
  }
}

template class TreeStream<float>;
template class TreeStream<double>;

}  // namespace nt::twin
