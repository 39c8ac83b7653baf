#pragma once
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "random/draw.hpp"

namespace nt::random {

/// A stream by its numbers, of a room that has its own: a stage that is no random::Stage, and in it the
/// numbers from `first` on, one for each member.
struct NumberedStream {
  uint32_t stage, first, count;
};

/// A stream of random numbers named by (seed, stream, member, trial): the n-th draw is the same on every
/// machine and whatever else is drawn elsewhere. The numbers are those that random::Random would make of a
/// stage and a stream of these numbers.
class Draws {
 public:
  Draws(uint64_t seed, const NumberedStream& stream, uint64_t member, uint64_t trial) {
    const uint64_t key = scatter(seed + 0x9e3779b97f4a7c15u * stream.stage);
    key_ = {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)};
    counter_ = {0, stream.first + static_cast<uint32_t>(member), static_cast<uint32_t>(trial),
                static_cast<uint32_t>(trial >> 32)};
  }

  /// Uniform in the open interval (0, 1), 53 bits.
  double uniform() {
    const uint64_t high = bits() >> 5, low = bits() >> 6;
    return (static_cast<double>((high << 26) | low) + 0.5) * 0x1p-53;
  }
  /// Uniform among low, low + 1, ..., high.
  int64_t integer(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(uniform() * static_cast<double>(high - low + 1));
  }
  /// Standard normal (Box and Muller 1958).
  double normal() {
    const double radius = std::sqrt(-2 * std::log(uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }
  /// Failures before the first success of a coin with `log_failure` = log(1 - p) < 0; at most `at_most`.
  int64_t failures(double log_failure, int64_t at_most) {
    const double skipped = std::floor(std::log(uniform()) / log_failure);
    return skipped < static_cast<double>(at_most) ? static_cast<int64_t>(skipped) : at_most;
  }

 private:
  /// SplitMix64's output function (Steele, Lea and Flood 2014).
  static uint64_t scatter(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint32_t bits() {
    if (used_ == 4) {
      block_ = philox(counter_, key_);
      ++counter_[0];
      used_ = 0;
    }
    return block_[used_++];
  }

  std::array<uint32_t, 4> counter_, block_{};
  std::array<uint32_t, 2> key_;
  unsigned used_ = 4;
};

}  // namespace nt::random
