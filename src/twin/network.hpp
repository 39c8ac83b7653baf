#pragma once
#include <torch/torch.h>

#include <functional>
#include <string>
#include <vector>

#include "dataset/windows.hpp"
#include "twin/layers.hpp"
#include "twin/recurrent_layer.hpp"
#include "twin/spec.hpp"
#include "twin/temporal_basis.hpp"

namespace neurontwin {

/// Part of what a result is known by. Raise it when the same weights come to other answers.
inline constexpr int kTwinVersion = 1;

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
