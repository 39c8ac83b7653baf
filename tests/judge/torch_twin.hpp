#pragma once
// libtorch as the judge of our mathematics: the same twins, losses and optimiser in its own operations.
#include <torch/torch.h>

#include <map>

#include "twin/twin.hpp"

namespace nt {

/// A twin's numbers as tensors that gradients are taken of, and its forward pass as a dense framework does
/// it: on bins instead of spikes, with conv1d and autograd, the memory units ms by ms.
class TorchTwin {
 public:
  template <class T>
  explicit TorchTwin(const twin::TwinOf<T>& twin) : spec_(twin.spec()), channels_(twin.channels()) {
    const auto type = sizeof(T) == 4 ? torch::kFloat32 : torch::kFloat64;
    for (const auto& array : twin.layout().arrays()) {
      const auto values = twin.array(array.array.name);
      auto tensor = torch::from_blob(const_cast<T*>(values.data()), array.array.shape, type).clone();
      arrays[array.array.name] = tensor.requires_grad_(array.trained);
    }
  }

  /// All heads' outputs, [window][ms][output], to events [n][3] as in SpikeWindows.
  torch::Tensor forward(const torch::Tensor& events, int64_t windows, int64_t window_ms, twin::NormBy norm);
  /// The same of spikes in bins, [window][channel][history + window_ms].
  torch::Tensor forward_bins(const torch::Tensor& spikes, int64_t window_ms, twin::NormBy norm);
  torch::Tensor bins(const torch::Tensor& events, int64_t windows, int64_t window_ms) const;

  std::map<std::string, torch::Tensor> arrays;

 private:
  torch::Tensor convolutional(const twin::ConvolutionalSpec& spec, torch::Tensor x, twin::NormBy norm);
  torch::Tensor recurrent(const twin::RecurrentSpec& spec, const torch::Tensor& spikes);

  twin::TwinSpec spec_;
  int64_t channels_;
};

torch::Tensor tensor_of(std::span<const int32_t> events);

/// The losses of all heads in torch's operations, in the heads' order, from outputs [window][ms][output].
std::vector<torch::Tensor> torch_losses(const twin::TwinSpec& spec, const torch::Tensor& outputs,
                                        const dataset::WindowBatch& batch,
                                        const twin::HeadSettings& settings);

/// NAdam as torch.optim.NAdam has it.
class TorchNadam {
 public:
  explicit TorchNadam(std::vector<torch::Tensor> parameters);
  void step(double learning_rate);
  void zero_gradients();

 private:
  std::vector<torch::Tensor> parameters_, first_moment_, second_moment_;
  int64_t steps_ = 0;
  double momentum_product_ = 1;
};

}  // namespace nt
