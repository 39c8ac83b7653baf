#include "train/nadam.hpp"

#include <algorithm>
#include <cmath>

namespace nt::train {
namespace {
constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8, kMomentumDecay = 0.004;
constexpr int64_t kLongest = 1 << 16;  // numbers that a thread takes at a time

double momentum(int64_t step) {
  return kBeta1 * (1 - 0.5 * std::pow(0.96, static_cast<double>(step) * kMomentumDecay));
}
}  // namespace

template <class T>
NadamOf<T>::NadamOf(const twin::ParameterLayout& layout, double l2)
    : first_moment(static_cast<size_t>(layout.trained()), T(0)), second_moment(first_moment) {
  for (size_t i = 0; i < layout.arrays().size(); ++i) {
    const auto& array = layout.arrays()[i];
    if (!array.trained) continue;
    const int64_t count = array.count();
    for (int64_t at = 0; at < count; at += kLongest)
      stretches_.push_back(
          {layout.offset(i) + at, std::min(kLongest, count - at), array.regularised ? l2 : 0});
  }
}

template <class T>
NadamRates NadamOf<T>::next_rates(double learning_rate) {
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

template <class T>
void NadamOf<T>::step(double learning_rate, std::span<const T> gradients, std::span<T> numbers,
                      const twin::Parallel& parallel) {
  const auto rates = next_rates(learning_rate);
  parallel.run(std::ssize(stretches_), [&](int64_t i) {
    const auto& s = stretches_[i];
    const auto at = static_cast<size_t>(s.first);
    nadam_update(rates, s.l2, &gradients[at], &numbers[at], &first_moment[at], &second_moment[at], s.count);
  });
}

template class NadamOf<float>;
template class NadamOf<double>;

}  // namespace nt::train
