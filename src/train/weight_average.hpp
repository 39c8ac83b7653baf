#pragma once
#include <cstdint>
#include <span>

#include "twin/parameters.hpp"

namespace nt::train {

/// The running mean of a twin's weights over its last steps, which is nearer to the middle of the valley that
/// training moves about in than any single step's weights are (Polyak and Juditsky 1992). All steps count
/// alike until there are `steps` of them; from then on older ones are forgotten exponentially.
class WeightAverage {
 public:
  /// 0 steps: there is no average.
  explicit WeightAverage(int64_t steps) : steps_(steps) {}
  bool is_kept() const { return steps_ > 0; }
  /// After step `step`, counted from 1. `numbers`: the trained ones come first, `trained` of them; the others
  /// (running averages of a normalisation) are taken over as they are.
  void add(std::span<const float> numbers, int64_t trained, int64_t step);
  /// What the newest numbers count after step `step`.
  float share_of(int64_t step) const;
  /// Begins anew with these.
  void start(std::span<const float> numbers) { numbers_.assign(numbers.begin(), numbers.end()); }
  std::span<const float> numbers() const { return numbers_; }
  std::span<float> numbers() { return numbers_; }
  /// Puts the average in the place of a twin's weights, and back again.
  void swap(twin::Numbers<float>& numbers) {
    if (is_kept()) numbers_.swap(numbers);
  }

 private:
  int64_t steps_;
  twin::Numbers<float> numbers_;
};

}  // namespace nt::train
