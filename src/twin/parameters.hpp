#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "files/safetensors.hpp"
#include "random/random.hpp"

namespace neurontwin {

/// An array of numbers that a twin is made of.
struct ParameterArray {
  NamedShape array;
  bool trained = true;       // else kept beside: running averages, fixed time constants
  bool regularised = false;  // train.l2 is on it

  int64_t count() const;
};

/// Where the arrays of a twin lie in one block of numbers: the trained ones first, so that their gradients
/// and the optimiser's moments are blocks of the same layout.
class ParameterLayout {
 public:
  explicit ParameterLayout(std::vector<ParameterArray> arrays);

  const std::vector<ParameterArray>& arrays() const { return arrays_; }
  /// Of arrays()[i].
  int64_t offset(size_t i) const { return offset_[i]; }
  /// Of the array of this name, which there is.
  int64_t offset(std::string_view name) const;
  /// How many numbers are trained, and how many there are.
  int64_t trained() const { return trained_; }
  int64_t total() const { return total_; }

 private:
  std::vector<ParameterArray> arrays_;
  std::vector<int64_t> offset_;
  int64_t trained_ = 0, total_ = 0;
};

/// Weights to start training with, from a truncated normal distribution.
void draw_weights(std::span<float> weights, double sd, Random random);

}  // namespace neurontwin
