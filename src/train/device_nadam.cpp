#include "train/detail/device_nadam.hpp"

#include <algorithm>
#include <cmath>

#include "device/built_in.hpp"

NT_DECLARE_KERNEL(optimiser_step, neurontwin_gradient_squares)
NT_DECLARE_KERNEL(optimiser_step, neurontwin_nadam)
NT_DECLARE_KERNEL(optimiser_step, neurontwin_weight_average)

namespace nt::train {
namespace {

constexpr int kThreads = 256;

int64_t blocks_for(int64_t count, int64_t of_a_block) {
  return (count + of_a_block - 1) / of_a_block;
}

std::vector<device_code::Stretch> stretches_of(const Nadam& optimiser) {
  std::vector<device_code::Stretch> all;
  for (const auto& s : optimiser.stretches())
    for (int64_t at = 0; at < s.count; at += device_code::kNumbersOfABlock)
      all.push_back({s.first + at,
                     static_cast<int32_t>(std::min<int64_t>(device_code::kNumbersOfABlock, s.count - at)),
                     static_cast<float>(2 * s.l2)});
  return all;
}

}  // namespace

DeviceNadam::DeviceNadam(twin::ResidentPasses& passes, const Nadam& optimiser, const WeightAverage& average)
    : passes_(passes),
      device_(passes.device()),
      stretch_(device_, std::span<const device_code::Stretch>(stretches_of(optimiser))),
      first_moment_(device_, optimiser.first_moment.size()),
      second_moment_(device_, optimiser.second_moment.size()),
      average_(device_, average.is_kept() ? passes.numbers().size() : 0),
      partial_(device_, static_cast<size_t>(blocks_for(static_cast<int64_t>(passes.gradients().size()),
                                                       device_code::kNumbersOfABlock))),
      sums_(partial_.size()) {}

void DeviceNadam::upload(std::span<const float> numbers, const Nadam& optimiser,
                         const WeightAverage& average) {
  passes_.numbers().upload(numbers);
  first_moment_.upload(optimiser.first_moment);
  second_moment_.upload(optimiser.second_moment);
  if (average.is_kept()) average_.upload(average.numbers());
}

void DeviceNadam::download(std::span<float> numbers, Nadam& optimiser, WeightAverage& average) const {
  passes_.numbers().download(numbers);
  first_moment_.download(optimiser.first_moment);
  second_moment_.download(optimiser.second_moment);
  if (average.is_kept()) average_.download(average.numbers());
}

double DeviceNadam::length_of_gradients() {
  device_->launch(NT_BUILT_IN(optimiser_step, neurontwin_gradient_squares),
                  {std::ssize(sums_), kThreads, kThreads * sizeof(double)},
                  device_code::SquaresArguments{static_cast<int64_t>(passes_.gradients().size()),
                                                passes_.gradients().data(), partial_.data()});
  partial_.download(std::span(sums_));
  double square = 0;
  for (const double sum : sums_) square += sum;
  return std::sqrt(square);
}

void DeviceNadam::step(const NadamRates& r, double factor) {
  const auto in_float = [](double x) { return static_cast<float>(x); };
  device_->launch(
      NT_BUILT_IN(optimiser_step, neurontwin_nadam), {static_cast<int64_t>(stretch_.size()), kThreads, 0},
      device_code::NadamArguments{stretch_.data(), in_float(factor), in_float(r.beta1), in_float(1 - r.beta1),
                                  in_float(r.beta2), in_float(1 - r.beta2), in_float(r.epsilon),
                                  in_float(1 / r.correction), in_float(r.gradient_rate),
                                  in_float(r.moment_rate), passes_.gradients().data(),
                                  passes_.numbers().data(), first_moment_.data(), second_moment_.data()});
}

void DeviceNadam::add_to_average(int64_t trained, float share) {
  const auto total = static_cast<int64_t>(passes_.numbers().size());
  device_->launch(
      NT_BUILT_IN(optimiser_step, neurontwin_weight_average), {blocks_for(total, kThreads), kThreads, 0},
      device_code::AverageArguments{trained, total, share, passes_.numbers().data(), average_.data()});
}

}  // namespace nt::train
