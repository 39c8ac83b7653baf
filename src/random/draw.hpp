#pragma once
#include <array>
#include <cstdint>

// Needs nothing but the standard library: the code of mechanisms that users bring is compiled with it.
namespace nt::random {

/// Philox 4x32-10 (Salmon et al. 2011): 128 random bits from a counter and a key.
constexpr std::array<uint32_t, 4> philox(std::array<uint32_t, 4> c, std::array<uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * c[0];
    const uint64_t p1 = uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<uint32_t>(p0)};
    k[0] += 0x9E3779B9u;
    k[1] += 0xBB67AE85u;
  }
  return c;
}

/// Uniform in the open interval (0, 1), 53 bits, of two numbers.
constexpr double uniform_of(uint32_t first, uint32_t second) {
  const uint64_t high = first >> 5;  // 27 bits
  const uint64_t low = second >> 6;  // 26 bits
  return (static_cast<double>((high << 26) | low) + 0.5) * 0x1p-53;
}

/// Part of what a result is known by where a mechanism draws. Raise it when the same file draws other
/// numbers.
inline constexpr int kDrawVersion = 1;

/// What the draws of a neuron's mechanisms in one trial are known by: made by trial_key. The default is that
/// of trials that say nothing.
struct TrialKey {
  std::array<uint32_t, 2> key{}, trial{};
  bool operator==(const TrialKey&) const = default;
};

/// A stream of a trial: each generator of each instance of a mechanism has one.
struct DrawStream {
  TrialKey trial = {};
  uint32_t number = 0;
};

/// The draw number `n` of a stream, from 0: two independent numbers, uniform in (0, 1); `half` 0 or 1 says
/// which. A pure function of its arguments.
constexpr double uniform_draw(const DrawStream& stream, uint32_t n, int half) {
  const auto bits =
      philox({n, stream.number, stream.trial.trial[0], stream.trial.trial[1]}, stream.trial.key);
  return half == 0 ? uniform_of(bits[0], bits[1]) : uniform_of(bits[2], bits[3]);
}

}  // namespace nt::random
