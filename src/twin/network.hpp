#pragma once
#include <torch/torch.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "dataset/windows.hpp"
#include "twin/layers.hpp"
#include "twin/recurrent_layer.hpp"
#include "twin/temporal_basis.hpp"

namespace neurontwin {

/// Part of what a result is known by. Raise it when the same weights come to other answers.
inline constexpr int kTwinVersion = 1;

enum class Activation { linear, relu };

struct LayerSpec {
  int64_t taps = 1;
  int64_t features = 1;
  int64_t dilation = 1;  // ms from tap to tap

  int64_t reach_ms() const { return (taps - 1) * dilation; }
};

/// Whether a layer is as wide as the one before it: else there is nothing to add its input to.
bool can_be_residual(std::span<const LayerSpec> layers);

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

struct TwinOutput {
  torch::Tensor spike_log_odds;  // [window][ms]
  torch::Tensor soma_mV;         // [window][ms]
  // Undefined where the twin has no such head.
  torch::Tensor dendrites;            // [window][ms][component]
  torch::Tensor near_spike_log_odds;  // [window][ms]
  torch::Tensor log_count;            // [window][ms], logarithm of the expected number
};

/// The network. First-layer weights are [channel][tap][feature], tap k acting k ms after the spike, or
/// [channel][shape][feature]; deeper ones are [tap][in][out], the last tap being the present.
class TwinImpl : public torch::nn::Module {
 public:
  /// Weights are drawn from `seed`, the same on every machine.
  TwinImpl(const TwinSpec& spec, int64_t channels, uint64_t seed);

  /// events [n][3] as in WindowBatch, history_ms = window_ms() - 1; the result covers the window_ms after it.
  TwinOutput forward(const torch::Tensor& events, int64_t windows, int64_t window_ms);
  TwinOutput forward(const WindowBatch& batch);
  /// The same network in torch's own dense operations, whatever the device. What forward() does if `dense` is
  /// set.
  TwinOutput forward_reference(const torch::Tensor& events, int64_t windows, int64_t window_ms);
  /// What forward() passes from layer to layer: the output of each hidden layer, after activation,
  /// normalisation and whatever is added, over the last window_ms, [window][ms][feature] each. The last one
  /// is what the heads see. Of a recurrent twin, its memory alone.
  std::vector<torch::Tensor> hidden(const torch::Tensor& events, int64_t windows, int64_t window_ms);

  /// forward() in two steps, for whoever asks what the first layer's filters add up to. The drive is the sum
  /// of filters over spikes, before bias and activation: [window][ms][feature], of the window_ms and, before
  /// it, of what deeper layers look back on. Not of a recurrent twin.
  torch::Tensor drive(const torch::Tensor& events, int64_t windows, int64_t window_ms);
  TwinOutput answers_to_drive(const torch::Tensor& drive);

  const TwinSpec& spec() const { return spec_; }
  int64_t channels() const { return channels_; }
  /// The first layer's filters, [channel][tap][feature], whatever they are made of. Not of a recurrent twin.
  torch::Tensor filters() const;
  /// What normalisation multiplies each of the first layer's units with; 1 without. Not of a recurrent twin.
  /// [feature]
  torch::Tensor first_gain() const;
  /// Of a recurrent twin's memory units.
  torch::Tensor time_constants_ms() const { return recurrent_->time_constants_ms(); }
  int64_t history_ms() const { return spec_.window_ms() - 1; }
  int64_t parameter_count() const;

  /// The network over dense input as a TorchScript module, for torch.jit.load:
  /// forward(spikes [batch][channel][ms]) -> (spike probability [batch][ms], somatic voltage in mV
  /// [batch][ms]). Input before the first ms is silence. `description` (JSON) is stored as attribute
  /// "description". Further heads are methods: dendrites(spikes) [batch][ms][component], near_spike(spikes)
  /// (a probability) and count(spikes) (an expected number), [batch][ms].
  torch::jit::Module to_torchscript(const std::string& description);

  /// Takes the weights of a module made by to_torchscript from a twin of the same shape. InputError, naming
  /// `name`, if it is of another.
  void load_torchscript(const torch::jit::Module& module, const std::string& name);

  bool dense = false;
  bool norm_frozen = false;  // training, too, normalises by the running averages, and leaves them as they are
  Products products = Products::float32;  // of the dense convolutions on other devices than the CPU
  torch::Tensor first_weight, first_bias;
  torch::Tensor spike_weight, spike_bias;  // [features], []
  torch::Tensor soma_weight, soma_bias;

 private:
  /// A head beside spike and soma.
  struct Head {
    std::string name;
    torch::Tensor weight, bias;  // [features][outputs], [outputs]
  };
  struct Deeper {
    torch::Tensor weight, bias;
  };
  /// Told the output of every hidden layer, [window][ms][feature], ending with the last ms.
  using LayerListener = std::function<void(const torch::Tensor&)>;
  /// What the heads see, [window][ms][feature].
  torch::Tensor below_heads(const torch::Tensor& events, int64_t windows, int64_t window_ms,
                            const LayerListener& listener);
  torch::Tensor below_heads_reference(const torch::Tensor& events, int64_t windows, int64_t window_ms,
                                      const LayerListener& listener);
  template <class First, class Next>
  torch::Tensor layers_with(First&& first, Next&& next, const torch::Tensor& events, int64_t windows,
                            int64_t window_ms, const LayerListener& listener);
  /// The first layer on the CPU.
  torch::Tensor first_layer(const torch::Tensor& events, int64_t windows, int64_t duration,
                            const AfterConvolution& after);
  /// What the heads see of the first layer's output `x`.
  template <class Next>
  torch::Tensor layers_above(torch::Tensor x, Next&& next, const LayerListener& listener);
  int64_t first_duration(int64_t window_ms) const {
    return window_ms + history_ms() - spec_.layers.front().reach_ms();
  }
  /// All heads' answers to [window][ms][feature].
  TwinOutput answers_to(const torch::Tensor& x) const;
  /// What `filters` are made of: first_weight of a twin with these filters, if they are sums of its shapes.
  torch::Tensor shapes_of(const torch::Tensor& filters) const;
  AfterConvolution after(const torch::Tensor& bias, size_t layer);

  TwinSpec spec_;
  int64_t channels_;
  TemporalBasis basis_;      // of the first layer's filters; no shapes where every tap is free
  torch::Tensor functions_;  // [shape][tap]
  std::vector<Deeper> deeper_;
  std::vector<Norm> norms_;
  std::vector<Head> heads_;
  RecurrentLayer recurrent_{nullptr};
};
TORCH_MODULE(Twin);

/// The twin's answer to whole trials, without gradients, batch normalisation at its running averages.
struct Prediction {
  std::vector<float> spike_log_odds;  // [ms]
  std::vector<float> soma_mV;         // [ms]
  std::vector<float> dendrites;       // [ms][component]
};
Prediction predict_trial(Twin& twin, const Split& split, size_t trial);

}  // namespace neurontwin
