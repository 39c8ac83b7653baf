#include "train/nadam.hpp"

#include <cmath>

namespace neurontwin {
namespace {
constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8, kMomentumDecay = 0.004;

double momentum(int64_t step) {
  return kBeta1 * (1 - 0.5 * std::pow(0.96, static_cast<double>(step) * kMomentumDecay));
}
}  // namespace

Nadam::Nadam(std::vector<torch::Tensor> parameters) : parameters_(std::move(parameters)) {
  for (const auto& p : parameters_) {
    first_moment.push_back(torch::zeros_like(p));
    second_moment.push_back(torch::zeros_like(p));
  }
}

void Nadam::step(double learning_rate) {
  torch::NoGradGuard no_gradient;
  ++steps;
  const double mu = momentum(steps), mu_next = momentum(steps + 1);
  momentum_product *= mu;
  const double gradient_rate = -learning_rate * (1 - mu) / (1 - momentum_product);
  const double moment_rate = -learning_rate * mu_next / (1 - momentum_product * mu_next);
  const double correction = 1 - std::pow(kBeta2, static_cast<double>(steps));
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const auto& gradient = parameters_[i].grad();
    if (!gradient.defined()) continue;
    first_moment[i].mul_(kBeta1).add_(gradient, 1 - kBeta1);
    second_moment[i].mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
    const auto denominator = second_moment[i].div(correction).sqrt_().add_(kEpsilon);
    parameters_[i].addcdiv_(gradient, denominator, gradient_rate);
    parameters_[i].addcdiv_(first_moment[i], denominator, moment_rate);
  }
}

void Nadam::zero_gradients() {
  for (auto& p : parameters_) p.mutable_grad().reset();
}

}  // namespace neurontwin
