#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nt::random {

/// Draws::failures() without a logarithm for each number: the same failures of the same uniform number.
class FailuresTable {
 public:
  /// Of a coin with `log_failure` = log(1 - p) < 0; `at_most` failures count. A few logarithms for each
  /// number of failures.
  FailuresTable(double log_failure, int64_t at_most);

  /// `uniform` in (0, 1).
  int64_t failures(double uniform) const {
    int64_t k = fewest_[static_cast<size_t>(uniform * kCells)];
    while (uniform < least_[static_cast<size_t>(k)]) ++k;
    return k;
  }

 private:
  static constexpr size_t kCells = 1024;
  std::array<int64_t, kCells> fewest_;  // failures of any number in each of these parts of (0, 1)
  std::vector<double> least_;           // number that stands for so many failures; 0 for `at_most`
};

}  // namespace nt::random
