#pragma once
#include "twin/detail/convolution_stream.hpp"
#include "twin/detail/event_stream.hpp"
#include "twin/detail/tree_network.hpp"

namespace nt::twin {

/// A tree-shaped twin's passes over input that goes on: each node keeps what of its children's channels the
/// next ms look back on.
template <class T>
class TreeStream final : public NetworkStream<T> {
 public:
  TreeStream(const TreeNetwork<T>& network, const T* numbers, int64_t streams, const Parallel& parallel);
  void advance(const SpikeWindows& spikes, const HeadsLayer<T>& heads, T* outputs,
               const Parallel& parallel) override;
  std::vector<T> state(int64_t stream) const override;
  void set_state(int64_t stream, std::span<const T> state) override;

 private:
  /// The next ms of the last layer, [stream][ms][feature], to be read before the next call.
  const T* features(const SpikeWindows& spikes, const Parallel& parallel);
  struct Node {
    int64_t inputs = 0, input_at = 0;  // columns of the layer before
    SlidingRows<T> input;
    const T* weight = nullptr;  // laid out
  };
  struct Layer {
    int64_t width = 0;
    const T* bias = nullptr;
    std::vector<T> factor, offset;  // of normalisation; empty: none
    std::vector<Node> nodes;        // of all layers but the first
  };
  ConvolutionStreamShape shape_of(size_t layer, const Node& node, int64_t ms) const;
  void add_layer(size_t layer, const T* numbers);
  void advance_leaves(const SpikeWindows& spikes, T* x, const Parallel& parallel);
  void advance_node(size_t layer, size_t node, int64_t ms, const T* last, T* x);

  const TreeNetwork<T>& network_;
  int64_t streams_;
  EventStream<T> first_;
  std::vector<Layer> layers_;
  std::vector<T> by_leaf_;
  Arena weights_, arena_;
};

}  // namespace nt::twin
