#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "twin/branch_sums.hpp"
#include "twin/leaky_memory.hpp"

namespace neurontwin {

enum class Activation { linear, relu };

struct LayerSpec {
  int64_t taps = 1;
  int64_t features = 1;
  int64_t dilation = 1;  // ms from tap to tap

  int64_t reach_ms() const { return (taps - 1) * dilation; }
};

constexpr size_t kMostLayers = 1000;
constexpr int64_t kMostWindow_ms = 1000000;  // of input that one output depends on

/// Whether a layer is as wide as the one before it: else there is nothing to add its input to.
bool can_be_residual(std::span<const LayerSpec> layers);

/// A recurrent twin's part below its heads: leaky sums of spikes on branches, and leaky memory units that a
/// network of one hidden layer, of twice as many units, writes to (leaky_memory.hpp). Their time constants
/// are spaced evenly on a logarithmic scale when training starts.
struct RecurrentSpec {
  int64_t memory_units = 20;
  HiddenActivation activation = HiddenActivation::silu;
  bool learn_time_constants = false;
  double synapse_tau_ms = 5;
  double shortest_memory_ms = 1, longest_memory_ms = 150;
  int64_t history_ms = 150;  // of input before the first output, in which the memory fills
  int64_t branches = 45;     // wanted; of the wiring see wire_branches()
  bool branch_overlap = true;
  // The cell says these, not [twin].
  Wiring wiring;
  int64_t excitatory_channels = 0;  // the first ones

  int64_t hidden_units() const { return 2 * memory_units; }
};
RecurrentSpec read_recurrent(const Settings& settings);

/// A temporally convolutional twin: causal convolutions over the input spikes, each followed by an activation
/// and, if asked, batch normalisation; then 1x1 heads: the log-odds of a spike, the somatic voltage, and
/// where the data has them the principal components of the dendritic voltages. Reads [twin].
struct TwinSpec {
  std::vector<LayerSpec> layers;
  /// Leaky memory units in place of the convolutions, below the same heads; then there are no `layers`.
  std::optional<RecurrentSpec> recurrent = {};
  Activation activation = Activation::relu;
  bool batch_norm = false;
  /// Every layer that is as wide as the one before it adds what it was given to what it makes of it, after
  /// activation and normalisation (He, Zhang, Ren and Sun 2016).
  bool residual = false;
  /// The first layer's filters are sums of so many functions of the lag (temporal_basis.hpp); 0: every tap is
  /// free.
  int64_t temporal_shapes = 0;
  double weight_sd = 0.1;  // truncated normal
  double bias = 0;
  double spike_weight_sd = 0.1;
  double spike_bias = -2;
  double soma_weight_sd = 0.1;
  double soma_bias = 0;
  double soma_offset_mV = -67.7;  // added to the voltage head, so that it learns deviations
  double dendrite_weight_sd = 0.05;
  // Further heads. The data and the training say whether there are any, not [twin].
  int64_t dendritic_components = 0;
  bool near_spike = false;  // a spike within some milliseconds (train.near_spike_ms)
  bool count = false;       // spikes in a Gaussian window (train.rate_sd_ms)

  /// Milliseconds of input that one output depends on, its own included; of a recurrent twin, that it is
  /// given at least.
  int64_t window_ms() const;
  int64_t depth() const { return recurrent ? 1 : static_cast<int64_t>(layers.size()); }
  int64_t width() const;
  bool is_dilated() const;
  /// Whether layer i, counted from 0, adds its input to its output.
  bool adds_input(size_t i) const {
    return residual && i > 0 && layers[i].features == layers[i - 1].features;
  }
};
TwinSpec read_twin(const Settings& settings);
/// What a twin is made of, for people.
std::string words_for(const TwinSpec& spec);

}  // namespace neurontwin
