#pragma once
#include <cstdint>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "files/safetensors.hpp"
#include "random/random.hpp"

namespace nt::twin {

/// An array of numbers that a twin is made of.
struct ParameterArray {
  files::NamedShape array;
  bool trained = true;       // else kept beside: running averages, fixed time constants
  bool regularised = false;  // train.l2 is on it

  int64_t count() const;
};

/// Begins on a cache line: rows that straddle two of them take twice as long to add up.
template <class T>
struct OnCacheLines {
  using value_type = T;
  static constexpr size_t kBytes = 64;

  OnCacheLines() = default;
  template <class U>
  OnCacheLines(const OnCacheLines<U>&) {}
  T* allocate(size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t(kBytes)));
  }
  void deallocate(T* numbers, size_t) { ::operator delete(numbers, std::align_val_t(kBytes)); }
  bool operator==(const OnCacheLines&) const = default;
};
/// A block of numbers, gradients or moments.
template <class T>
using Numbers = std::vector<T, OnCacheLines<T>>;

/// Where the arrays of a twin lie in one block of numbers: the trained ones first, so that their gradients
/// and the optimiser's moments are blocks of the same layout. Each begins on a cache line, in float and in
/// double; what is between them is not used.
class ParameterLayout {
 public:
  explicit ParameterLayout(std::vector<ParameterArray> arrays);

  const std::vector<ParameterArray>& arrays() const { return arrays_; }
  /// Of arrays()[i].
  int64_t offset(size_t i) const { return offset_[i]; }
  /// Of the array of this name, which there is.
  int64_t offset(std::string_view name) const;
  /// Lengths of the blocks of trained numbers and of all of them.
  int64_t trained() const { return trained_; }
  int64_t total() const { return total_; }
  /// How many numbers are trained.
  int64_t trained_count() const;

 private:
  std::vector<ParameterArray> arrays_;
  std::vector<int64_t> offset_;
  int64_t trained_ = 0, total_ = 0;
};

/// Weights to start training with, from a truncated normal distribution.
void draw_weights(std::span<float> weights, double sd, random::Random random);

}  // namespace nt::twin
