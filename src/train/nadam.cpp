#include "train/nadam.hpp"

#include <cmath>

#include "twin/layers.hpp"

namespace neurontwin {
namespace {
constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8, kMomentumDecay = 0.004;
constexpr int64_t kBlock = 1 << 16;  // parameters that a thread takes at a time

double momentum(int64_t step) {
  return kBeta1 * (1 - 0.5 * std::pow(0.96, static_cast<double>(step) * kMomentumDecay));
}
}  // namespace

Nadam::Nadam(std::vector<torch::Tensor> parameters, std::vector<double> l2)
    : parameters_(std::move(parameters)), l2_(std::move(l2)) {
  l2_.resize(parameters_.size(), 0.0);
  for (const auto& p : parameters_) {
    first_moment.push_back(torch::zeros_like(p));
    second_moment.push_back(torch::zeros_like(p));
  }
}

NadamRates Nadam::next_rates(double learning_rate) {
  ++steps;
  const double mu = momentum(steps), mu_next = momentum(steps + 1);
  momentum_product *= mu;
  return {.beta1 = kBeta1,
          .beta2 = kBeta2,
          .epsilon = kEpsilon,
          .gradient_rate = -learning_rate * (1 - mu) / (1 - momentum_product),
          .moment_rate = -learning_rate * mu_next / (1 - momentum_product * mu_next),
          .correction = 1 - std::pow(kBeta2, static_cast<double>(steps))};
}

void Nadam::step(double learning_rate) {
  torch::NoGradGuard no_gradient;
  const auto rates = next_rates(learning_rate);
  const auto parallel = torch_parallel();
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const auto& p = parameters_[i];
    if (!p.grad().defined()) continue;
    if (!p.is_cpu() || !p.is_contiguous()) {
      step_reference(i, rates);
      continue;
    }
    const auto gradient = p.grad().contiguous();
    const int64_t count = p.numel();
    AT_DISPATCH_FLOATING_TYPES(p.scalar_type(), "nadam", [&] {
      const auto* g = gradient.data_ptr<scalar_t>();
      auto* values = p.data_ptr<scalar_t>();
      auto* m = first_moment[i].data_ptr<scalar_t>();
      auto* v = second_moment[i].data_ptr<scalar_t>();
      parallel.run((count + kBlock - 1) / kBlock, [&](int64_t block) {
        const int64_t at = block * kBlock;
        nadam_update<scalar_t>(rates, l2_[i], g + at, values + at, m + at, v + at,
                               std::min(kBlock, count - at));
      });
    });
  }
}

void Nadam::step_reference(double learning_rate) {
  torch::NoGradGuard no_gradient;
  const auto rates = next_rates(learning_rate);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].grad().defined()) step_reference(i, rates);
  }
}

void Nadam::step_reference(size_t i, const NadamRates& r) {
  auto gradient = parameters_[i].grad();
  if (l2_[i] != 0) gradient = gradient + 2 * l2_[i] * parameters_[i];
  first_moment[i].mul_(r.beta1).add_(gradient, 1 - r.beta1);
  second_moment[i].mul_(r.beta2).addcmul_(gradient, gradient, 1 - r.beta2);
  const auto denominator = second_moment[i].div(r.correction).sqrt_().add_(r.epsilon);
  parameters_[i].addcdiv_(gradient, denominator, r.gradient_rate);
  parameters_[i].addcdiv_(first_moment[i], denominator, r.moment_rate);
}

void Nadam::zero_gradients() {
  for (auto& p : parameters_) p.mutable_grad().reset();
}

}  // namespace neurontwin
