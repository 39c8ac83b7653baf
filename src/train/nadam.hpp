#pragma once
#include <torch/torch.h>

#include <vector>

#include "train/nadam_update.hpp"

namespace neurontwin {

/// NAdam (Dozat 2016, "Incorporating Nesterov momentum into Adam") with the momentum schedule of Keras and
/// torch.optim.NAdam: mu_t = beta1 (1 - 0.5 x 0.96^(0.004 t)).
class Nadam {
 public:
  /// l2[i] times the sum of squares of parameter i belongs to the loss, without being asked for there: its
  /// gradient is added while stepping. Empty: 0 everywhere.
  explicit Nadam(std::vector<torch::Tensor> parameters, std::vector<double> l2 = {});
  /// One update from the gradients the parameters hold; a parameter without one stays. On the CPU in one pass
  /// over each.
  void step(double learning_rate);
  /// The same in torch's own operations. What step() does on other devices.
  void step_reference(double learning_rate);
  void zero_gradients();

  /// State for exact resumption: one pair of moments for each parameter, and two numbers.
  std::vector<torch::Tensor> first_moment, second_moment;
  int64_t steps = 0;
  double momentum_product = 1;

 private:
  NadamRates next_rates(double learning_rate);
  void step_reference(size_t i, const NadamRates& rates);

  std::vector<torch::Tensor> parameters_;
  std::vector<double> l2_;
};

}  // namespace neurontwin
