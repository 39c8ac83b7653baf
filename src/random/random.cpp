#include "random/random.hpp"

#include <cmath>
#include <numbers>
#include <stdexcept>

namespace nt::random {
namespace {

/// SplitMix64's output function (Steele, Lea and Flood 2014): a bijection that spreads nearby seeds far
/// apart.
uint64_t scatter(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

constexpr bool streams_are_apart() {
  for (const auto& a : kStreams) {
    if (uint64_t{a.first} + a.count > 0x100000000) return false;
    for (const auto& b : kStreams) {
      if (&a == &b || a.kind != b.kind) continue;
      if (a.name == b.name || (a.first <= b.first && b.first - a.first < a.count)) return false;
    }
  }
  return true;
}
static_assert(streams_are_apart(), "two streams of one kind of stage have a number in common");

}  // namespace

Stage kind_of(Stage stage) {
  switch (stage) {
    case Stage::stimulus_valid:
    case Stage::stimulus_test:
    case Stage::stimulus_rates_high:
    case Stage::stimulus_synchrony:
    case Stage::stimulus_clusters:
    case Stage::stimulus_sinusoidal:
    case Stage::stimulus_no_inhibition:
    case Stage::stimulus_published_mixture:
    case Stage::stimulus_rates_low:
    case Stage::interpretation_stimulus:
    case Stage::stimulus_calibration:
    case Stage::given_input:
      return Stage::stimulus_train;
    default:
      return stage;
  }
}

uint32_t Stream::number_in(Stage stage) const {
  for (const auto& numbers : kStreams) {
    if (numbers.name != name_) continue;
    if (member_ >= numbers.count || (kind_of(stage) != numbers.kind && stage != Stage::test_cases)) break;
    return numbers.first + static_cast<uint32_t>(member_);
  }
  throw std::logic_error("a random stream in a stage that does not draw from it");
}

namespace {

uint64_t key_of(uint64_t seed, Stage stage) {
  return scatter(seed + 0x9e3779b97f4a7c15u * static_cast<uint64_t>(stage));
}

std::array<uint32_t, 2> halves(uint64_t x) {
  return {static_cast<uint32_t>(x), static_cast<uint32_t>(x >> 32)};
}

}  // namespace

TrialKey trial_key(uint64_t seed, Stage stage, uint64_t trial) {
  return {halves(key_of(key_of(seed, stage), Stage::mechanism_draws)), halves(trial)};
}

Random::Random(uint64_t seed, Stage stage, uint64_t trial, Stream stream) {
  key_ = halves(key_of(seed, stage));
  counter_ = {0, stream.number_in(stage), static_cast<uint32_t>(trial), static_cast<uint32_t>(trial >> 32)};
}

uint32_t Random::bits() {
  if (used_ == 4) {
    block_ = philox(counter_, key_);
    ++counter_[0];
    used_ = 0;
  }
  return block_[used_++];
}

double Random::uniform() {
  const uint32_t first = bits();
  return uniform_of(first, bits());
}

int64_t Random::integer(int64_t low, int64_t high) {
  const auto count = static_cast<double>(high - low + 1);
  return low + static_cast<int64_t>(uniform() * count);
}

double Random::normal() {
  const double radius = std::sqrt(-2 * std::log(uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

double Random::truncated_normal() {
  double x = normal();
  while (std::abs(x) > 2) x = normal();
  return x;
}

int64_t Random::failures(double log_failure, int64_t at_most) {
  const double skipped = std::floor(std::log(uniform()) / log_failure);
  return skipped < static_cast<double>(at_most) ? static_cast<int64_t>(skipped) : at_most;
}

}  // namespace nt::random
