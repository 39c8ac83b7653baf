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
  int64_t count() const { return std::ssize(place_); }
  void pack(std::span<const float> numbers, std::span<float> to) const;
  void unpack(std::span<const float> packed_gradient, std::span<float> gradients) const;
  /// Of each packed number: where it lies among the twin's, and what is added to it.
  std::span<const int64_t> places() const { return place_; }
  std::span<const float> added() const { return added_; }

 private:
  std::vector<int64_t> place_;
  std::vector<float> added_;
  int64_t outputs_ = 0;
};

}  // namespace nt::twin
