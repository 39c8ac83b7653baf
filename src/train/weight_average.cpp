#include "train/weight_average.hpp"

#include <algorithm>

namespace nt::train {

void WeightAverage::add(std::span<const float> numbers, int64_t trained, int64_t step) {
  if (!is_kept()) return;
  if (numbers_.size() != numbers.size()) start(numbers);
  const auto share = static_cast<float>(1 / static_cast<double>(std::min(step, steps_)));
  const auto count = static_cast<size_t>(trained);
  for (size_t i = 0; i < count; ++i) numbers_[i] += share * (numbers[i] - numbers_[i]);
  std::copy(numbers.begin() + trained, numbers.end(), numbers_.begin() + trained);
}

}  // namespace nt::train
