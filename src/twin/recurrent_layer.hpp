#pragma once
#include <torch/torch.h>

#include <functional>
#include <string>

#include "config/settings.hpp"
#include "twin/branch_sums.hpp"
#include "twin/leaky_memory.hpp"

namespace neurontwin {

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

class RecurrentLayerImpl : public torch::nn::Module {
 public:
  /// Weights are drawn from `seed`, the same on every machine.
  RecurrentLayerImpl(const RecurrentSpec& spec, uint64_t seed);

  /// The memory over time, [window][duration][unit], from nothing. events [n][3] int32 as in WindowBatch. On
  /// the CPU, in float or double.
  torch::Tensor forward(const torch::Tensor& events, int64_t windows, int64_t duration);
  /// The same in torch's own operations, ms by ms, on any device.
  torch::Tensor forward_reference(const torch::Tensor& events, int64_t windows, int64_t duration);

  /// Adds the weights to a TorchScript module, and a method features(spikes [batch][channel][ms]) that gives
  /// [batch][unit][ms].
  void add_to(torch::jit::Module& module) const;
  /// Takes them from such a module: calls take(name, tensor to fill, what makes it of the stored one).
  using Take = std::function<void(const std::string&, torch::Tensor,
                                  const std::function<torch::Tensor(const torch::Tensor&)>&)>;
  void take_from(const Take& take);

  torch::Tensor time_constants_ms() const { return log_time_constant.detach().exp(); }

  torch::Tensor synapse_weight;              // [contact of the wiring], negative where inhibition begins
  torch::Tensor branch_weight, hidden_bias;  // [branch][hidden], [hidden]
  torch::Tensor memory_weight;               // [unit][hidden]
  torch::Tensor delta_weight, delta_bias;    // [hidden][unit], [unit]
  torch::Tensor log_time_constant;           // [unit], of ms

 private:
  torch::Tensor keep() const;  // what of a unit is left after a ms
  torch::Tensor gate() const;  // what of a change it takes in
  /// The contacts' places in a table [channel][branch].
  torch::Tensor contact_channels() const;
  torch::Tensor contact_branches() const;
  torch::Tensor synapse_table() const;

  RecurrentSpec spec_;
};
TORCH_MODULE(RecurrentLayer);

/// branch_sums_forward() for torch's autograd: weight [contacts], result [window][duration][branch].
torch::Tensor branch_sums(const torch::Tensor& events, const torch::Tensor& weight, const Wiring& wiring,
                          const BranchSumsShape& shape);

/// leaky_memory_forward() for torch's autograd: drive [window][duration][hidden], result
/// [window][duration][unit].
torch::Tensor leaky_memory(const torch::Tensor& drive, const torch::Tensor& memory_weight,
                           const torch::Tensor& delta_weight, const torch::Tensor& delta_bias,
                           const torch::Tensor& keep, const torch::Tensor& gate, HiddenActivation activation);
/// The same in torch's own operations.
torch::Tensor leaky_memory_reference(const torch::Tensor& drive, const torch::Tensor& memory_weight,
                                     const torch::Tensor& delta_weight, const torch::Tensor& delta_bias,
                                     const torch::Tensor& keep, const torch::Tensor& gate,
                                     HiddenActivation activation);

}  // namespace neurontwin
