#pragma once
#include <span>
#include <vector>

#include "twin/heads.hpp"

namespace nt::twin {

/// A twin's heads as device code reads them, [output][feature] and behind them the constants, [output]; and
/// gradients, which device code lays out in the same way, back.
class HeadsPacking {
 public:
  HeadsPacking(std::span<const Head> heads, const ParameterLayout& layout, int64_t features);
  int64_t outputs() const { return outputs_; }
  int64_t count() const { return outputs_ * (features_ + 1); }
  void pack(std::span<const float> numbers, std::span<float> to) const;
  void unpack(std::span<const float> packed_gradient, std::span<float> gradients) const;

 private:
  struct Place {
    int64_t weight, bias, outputs, first;
    float offset;
  };
  std::vector<Place> places_;
  int64_t features_, outputs_ = 0;
};

}  // namespace nt::twin
