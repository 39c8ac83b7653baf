#pragma once
#include "twin/detail/heads_packing.hpp"
#include "twin/detail/recurrent_stream_code.hpp"
#include "twin/spec.hpp"

namespace nt::twin {

/// A recurrent twin's numbers, heads included, as device code reads them; and gradients, which device code
/// lays out in the same way, back.
class RecurrentPacking {
 public:
  RecurrentPacking(const RecurrentSpec& spec, std::span<const Head> heads, const ParameterLayout& layout);

  const device_code::RecurrentWeights& shape() const { return shape_; }
  int64_t contacts() const { return std::ssize(branch_); }
  /// The weights, shape().count(), and behind them those of the contacts.
  std::vector<float> packed(std::span<const float> numbers) const;
  /// Gradients of all trained numbers, overwritten, from such of packed().
  void unpack(std::span<const float> packed_gradient, std::span<const float> numbers,
              std::span<float> gradients) const;
  std::vector<device_code::Contact> contacts_of(std::span<const float> numbers) const;

 private:
  /// An array of the twin, and where its rows lie among the weights.
  struct Matrix {
    int64_t from;
    int at, rows, columns, row;
  };
  device_code::RecurrentWeights shape_;
  std::vector<Matrix> matrices_;
  HeadsPacking heads_;
  std::vector<int32_t> branch_;  // [contact]
  std::vector<float> branch_keep_;
  int64_t synapse_, log_time_constant_;
  bool learn_time_constants_;
};

}  // namespace nt::twin
