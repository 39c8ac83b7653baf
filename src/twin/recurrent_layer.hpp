#pragma once
#include <torch/torch.h>

#include <string>

#include "twin/branch_sums.hpp"
#include "twin/leaky_memory.hpp"
#include "twin/spec.hpp"

namespace neurontwin {

class RecurrentLayerImpl : public torch::nn::Module {
 public:
  /// Weights are drawn from `seed`, the same on every machine.
  RecurrentLayerImpl(const RecurrentSpec& spec, uint64_t seed);

  /// The memory over time, [window][duration][unit], from nothing. events [n][3] int32 as in WindowBatch. On
  /// the CPU, in float or double.
  torch::Tensor forward(const torch::Tensor& events, int64_t windows, int64_t duration);
  /// The same in torch's own operations, ms by ms, on any device.
  torch::Tensor forward_reference(const torch::Tensor& events, int64_t windows, int64_t duration);

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
