#pragma once
#include "twin/convolutional.hpp"
#include "twin/merge_tree.hpp"

namespace nt::twin {

/// A convolutional network in the shape of the dendrite (merge_tree.hpp): each branch has channels of its
/// own, which only its synapses feed, and each node of a later layer is a causal convolution over the
/// channels of the branches that merge there. Each layer is followed by a leaky rectifier and, if asked,
/// batch normalisation. The heads see the last layer.
///
/// Weights of the first layer are [contact][tap or shape][channel], as those of a convolutional network; of
/// later ones as merge_layer.hpp has them.
struct TreeSpec final : NetworkSpec {
  std::vector<LayerSpec> layers;  // `features` being the channels of each node; no dilation
  MergeTree tree;                 // of as many layers
  /// Two synapses, and then two nodes, to a node (binary_tree()): the k-tree network of Jones and Kording
  /// 2021, "Might a Single Neuron Solve Interesting Machine Learning Problems Through Successive Computations
  /// on Its Dendritic Tree?", Neural Comput 33:1554, with the tree along the dendrite instead of permuted
  /// inputs.
  bool binary = false;
  int64_t trees = 1;  // side by side, of a binary one
  double leak = 0;    // of the rectifier, 0 .. 1: what it passes on of what is below zero
  bool batch_norm = false;
  int64_t temporal_shapes = 0;  // of the first layer's filters, as in ConvolutionalSpec
  // Where training starts; not in files.
  double weight_sd = 0.1;  // of the first layer; of later ones from the number of inputs (draw())
  double bias = 0;

  TreeSpec() = default;
  TreeSpec(std::vector<LayerSpec> layers_, MergeTree tree_)
      : layers(std::move(layers_)), tree(std::move(tree_)) {}

  /// Channels of all nodes of a layer.
  int64_t layer_width(size_t layer) const { return tree.nodes(layer) * layers[layer].features; }
  /// Numbers of a layer's filters.
  int64_t weights(size_t layer) const;

  std::string_view kind() const override { return binary ? "k-tree" : "tree"; }
  std::string words() const override;
  int64_t window_ms() const override;
  int64_t depth() const override { return static_cast<int64_t>(layers.size()); }
  int64_t width() const override;
  int64_t units() const override;
  int64_t multiply_adds(int64_t channels) const override;
  int64_t features() const override { return layer_width(layers.size() - 1); }
  std::vector<std::string> layer_names() const override;
  std::vector<ParameterArray> arrays(int64_t channels) const override;
  /// Later layers start with variance 2 / (taps x inputs) of their weights, each node by its own number of
  /// inputs (He, Zhang, Ren and Sun 2015, arXiv:1502.01852): what a network of many layers and few inputs
  /// needs for its input to reach the end.
  void draw(const ParameterLayout& layout, std::span<float> numbers, uint64_t seed,
            uint32_t& stream) const override;
  std::unique_ptr<Network<float>> network(const ParameterLayout& layout, int64_t channels,
                                          float) const override;
  std::unique_ptr<Network<double>> network(const ParameterLayout& layout, int64_t channels,
                                           double) const override;
  void require_channels(int64_t channels) const override;
  nlohmann::ordered_json to_json() const override;
  files::TextsByName texts() const override;
  std::string add_to(OnnxGraph& graph, const ParameterLayout& layout, std::span<const float> numbers,
                     int64_t channels) const override;
};

/// [twin] of both kinds names layers and settings of training; the tree comes from the cell.
NetworkKind tree_kind();
NetworkKind k_tree_kind();

/// One channel a node, one tap after the first layer, a leak of 0.01. `trees` binary trees of a cell.
TreeSpec k_tree(const dataset::CellTable& cell, int64_t trees, int64_t first_taps);

}  // namespace nt::twin
