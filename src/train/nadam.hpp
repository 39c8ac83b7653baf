#pragma once
#include <torch/torch.h>

#include <vector>

namespace neurontwin {

/// NAdam (Dozat 2016, "Incorporating Nesterov momentum into Adam") with the momentum schedule of Keras and
/// torch.optim.NAdam: mu_t = beta1 (1 - 0.5 x 0.96^(0.004 t)).
class Nadam {
 public:
  explicit Nadam(std::vector<torch::Tensor> parameters);
  /// One update from the gradients the parameters hold; a parameter without one stays.
  void step(double learning_rate);
  void zero_gradients();

  /// State for exact resumption: one pair of moments for each parameter, and two numbers.
  std::vector<torch::Tensor> first_moment, second_moment;
  int64_t steps = 0;
  double momentum_product = 1;

 private:
  std::vector<torch::Tensor> parameters_;
};

}  // namespace neurontwin
