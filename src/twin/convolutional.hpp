#pragma once
#include "twin/network_spec.hpp"

namespace nt::twin {

enum class Activation : uint8_t { linear, relu };

struct LayerSpec {
  int64_t taps = 1;
  int64_t features = 1;
  int64_t dilation = 1;  // ms from tap to tap

  int64_t reach_ms() const { return (taps - 1) * dilation; }
};

constexpr size_t kMostLayers = 1000;

/// Whether a layer is as wide as the one before it: else there is nothing to add its input to.
bool can_be_residual(std::span<const LayerSpec> layers);

/// A temporally convolutional network: causal convolutions, the first one over the input spikes, each
/// followed by an activation and, if asked, batch normalisation.
///
/// Weights of the first layer are [channel][tap][feature], tap k acting k ms after the spike, or
/// [channel][shape][feature]; of deeper ones [tap][input][feature], the last tap being the present.
struct ConvolutionalSpec final : NetworkSpec {
  std::vector<LayerSpec> layers;
  Activation activation = Activation::relu;
  bool batch_norm = false;
  /// Every layer that is as wide as the one before it adds what it was given to what it makes of it, after
  /// activation and normalisation (He, Zhang, Ren and Sun 2016).
  bool residual = false;
  /// The first layer's filters are sums of so many functions of the lag (temporal_basis.hpp); 0: every tap is
  /// free.
  int64_t temporal_shapes = 0;
  // Where training starts; not in files.
  double weight_sd = 0.1;  // truncated normal
  double bias = 0;

  ConvolutionalSpec() = default;
  explicit ConvolutionalSpec(std::vector<LayerSpec> layers_) : layers(std::move(layers_)) {}

  bool is_dilated() const;
  /// Whether layer i, counted from 0, adds its input to its output.
  bool adds_input(size_t i) const {
    return residual && i > 0 && layers[i].features == layers[i - 1].features;
  }

  std::string_view kind() const override { return "convolutional"; }
  std::string words() const override;
  int64_t window_ms() const override;
  int64_t depth() const override { return static_cast<int64_t>(layers.size()); }
  int64_t width() const override;
  int64_t units() const override;
  int64_t multiply_adds(int64_t channels) const override;
  int64_t features() const override { return layers.back().features; }
  std::vector<std::string> layer_names() const override;
  std::vector<ParameterArray> arrays(int64_t channels) const override;
  void draw(const ParameterLayout& layout, std::span<float> numbers, uint64_t seed,
            uint32_t& stream) const override;
  std::unique_ptr<Network<float>> network(const ParameterLayout& layout, int64_t channels,
                                          float) const override;
  std::unique_ptr<Network<double>> network(const ParameterLayout& layout, int64_t channels,
                                           double) const override;
  nlohmann::ordered_json to_json() const override;
  std::string add_to(OnnxGraph& graph, const ParameterLayout& layout, std::span<const float> numbers,
                     int64_t channels) const override;
  std::optional<FirstFilters> filters(const ParameterLayout& layout, std::span<const float> numbers,
                                      int64_t channels) const override;
};

/// Reads what [twin] says of one, whatever kind it is of.
ConvolutionalSpec read_convolutional(const config::Settings& twin);

NetworkKind convolutional_kind();

}  // namespace nt::twin
