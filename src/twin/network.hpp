#pragma once
#include <torch/torch.h>

#include <string>
#include <vector>

#include "config/settings.hpp"
#include "dataset/windows.hpp"
#include "twin/layers.hpp"

namespace neurontwin {

enum class Activation { linear, relu };

struct LayerSpec {
  int64_t taps = 1;
  int64_t features = 1;
};

/// A temporally convolutional twin: causal convolutions over the input spikes, each followed by an activation
/// and, if asked, batch normalisation; then two 1x1 heads, the log-odds of a spike and the somatic voltage.
/// Reads [twin].
struct TwinSpec {
  std::vector<LayerSpec> layers;
  Activation activation = Activation::relu;
  bool batch_norm = false;
  double weight_sd = 0.1;  // truncated normal
  double bias = 0;
  double spike_weight_sd = 0.1;
  double spike_bias = -2;
  double soma_weight_sd = 0.1;
  double soma_bias = 0;
  double soma_offset_mV = -67.7;  // added to the voltage head, so that it learns deviations

  /// Milliseconds of input that one output depends on, its own included.
  int64_t window_ms() const;
  int64_t depth() const { return static_cast<int64_t>(layers.size()); }
  int64_t width() const;
};
TwinSpec read_twin(const Settings& settings);

struct TwinOutput {
  torch::Tensor spike_log_odds;  // [window][ms]
  torch::Tensor soma_mV;         // [window][ms]
};

/// The network. First-layer weights are [channel][tap][feature], tap k acting k ms after the spike; deeper
/// ones are [tap][in][out], the last tap being the present.
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

  const TwinSpec& spec() const { return spec_; }
  int64_t channels() const { return channels_; }
  int64_t history_ms() const { return spec_.window_ms() - 1; }
  int64_t parameter_count() const;

  /// The network over dense input as a TorchScript module, for torch.jit.load:
  /// forward(spikes [batch][channel][ms]) -> (spike probability [batch][ms], somatic voltage in mV
  /// [batch][ms]). Input before the first ms is silence. `description` (JSON) is stored as attribute
  /// "description".
  torch::jit::Module to_torchscript(const std::string& description);

  /// Takes the weights of a module made by to_torchscript from a twin of the same shape. InputError, naming
  /// `name`, if it is of another.
  void load_torchscript(const torch::jit::Module& module, const std::string& name);

  bool dense = false;
  Products products = Products::float32;  // of the dense convolutions on other devices than the CPU
  torch::Tensor first_weight, first_bias;
  torch::Tensor spike_weight, spike_bias;  // [features], []
  torch::Tensor soma_weight, soma_bias;

 private:
  struct Deeper {
    torch::Tensor weight, bias;
  };
  template <class First, class Next>
  TwinOutput forward_with(First&& first, Next&& next, const torch::Tensor& events, int64_t windows,
                          int64_t window_ms);
  AfterConvolution after(const torch::Tensor& bias, size_t layer);

  TwinSpec spec_;
  int64_t channels_;
  std::vector<Deeper> deeper_;
  std::vector<Norm> norms_;
};
TORCH_MODULE(Twin);

/// The twin's answer to whole trials, without gradients, batch normalisation at its running averages.
struct Prediction {
  std::vector<float> spike_log_odds;  // [ms]
  std::vector<float> soma_mV;         // [ms]
};
Prediction predict_trial(Twin& twin, const Split& split, size_t trial);

}  // namespace neurontwin
