#pragma once
#include <array>
#include <cstdint>

namespace neurontwin {

/// Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"):
/// 128 random bits as a pure function of a counter and a key.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// What a draw is for. Two stages never share a number, whatever the seed. Values are part of every result:
/// never renumber.
enum class Stage : uint32_t {
  stimulus_train = 1,
  stimulus_valid = 2,
  stimulus_test = 3,
  twin_weights = 10,
  training_windows = 11,
  bootstrap = 20,
  timing_jitter = 21,
  sequence_orders = 22,
  search_space = 30,
  interpretation = 40,
  // Inputs other than the training distribution's.
  stimulus_rates_high = 41,
  stimulus_synchrony = 42,
  stimulus_clusters = 43,
  stimulus_sinusoidal = 44,
  stimulus_no_inhibition = 45,
  stimulus_published_mixture = 46,
  stimulus_rates_low = 47,
  cluster_centres = 49,
  test_cases = 99,
};

/// A stream of random numbers named by (seed, stage, trial, stream). The n-th draw of a stream is the same on
/// every machine and whatever else is drawn elsewhere, so results do not depend on threads, lanes or shards.
class Random {
 public:
  Random(uint64_t seed, Stage stage, uint64_t trial, uint32_t stream);

  uint32_t bits();
  /// Uniform in the open interval (0, 1), 53 bits.
  double uniform();
  /// Uniform between the two; `low` may be the greater.
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform among low, low + 1, ..., high.
  int64_t integer(int64_t low, int64_t high);
  /// Standard normal (Box and Muller 1958).
  double normal();
  /// Standard normal, drawn again while outside two standard deviations.
  double truncated_normal();
  /// Failures before the first success of a coin with `log_failure` = log(1 - p) < 0; at most `at_most`.
  int64_t failures(double log_failure, int64_t at_most);

 private:
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> block_{};
  unsigned used_ = 4;
};

}  // namespace neurontwin
