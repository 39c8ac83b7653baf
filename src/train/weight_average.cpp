#include "train/weight_average.hpp"

#include <algorithm>

namespace nt::train {

float WeightAverage::share_of(int64_t step) const {
  return static_cast<float>(1 / static_cast<double>(std::min(step, steps_)));
}

void WeightAverage::add(std::span<const float> numbers, int64_t trained, int64_t step) {
  if (!is_kept()) return;
  if (numbers_.size() != numbers.size()) start(numbers);
  const float share = share_of(step);
  const auto count = static_cast<size_t>(trained);
  for (size_t i = 0; i < count; ++i) numbers_[i] += share * (numbers[i] - numbers_[i]);
  std::copy(numbers.begin() + trained, numbers.end(), numbers_.begin() + trained);
}

}  // namespace nt::train
