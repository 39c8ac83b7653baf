#pragma once
#include <span>
#include <vector>

#include "dataset/split.hpp"
#include "twin/twin.hpp"

namespace nt::interpret {

/// One millisecond of one trial, and the input before it that a twin's answer there depends on.
struct Moment {
  size_t trial = 0;
  int64_t ms = 0;
};

/// `count` moments drawn evenly over a split's trials and their ms from `skip_ms` on; fewer where there are
/// no more.
std::vector<Moment> drawn_moments(const dataset::Split& split, int64_t count, int64_t skip_ms, uint64_t seed);

/// Moments of output spikes, and for each of them one of silence in the same trial: without an output spike
/// within `away_ms`, and among those drawn the one whose numbers of excitatory and inhibitory input spikes in
/// the twin's window come nearest, in standard deviations of a Poisson count. So what sets the two apart is
/// where and when input came, not how much.
struct MatchedMoments {
  std::vector<Moment> spikes, silences;
};
MatchedMoments matched_moments(const dataset::Split& split, int64_t count, int64_t window_ms, int64_t away_ms,
                               uint64_t seed);

/// Windows of one output each, at these moments.
dataset::WindowBatch windows_at(const dataset::Split& split, std::span<const Moment> moments,
                                int64_t history_ms);

}  // namespace nt::interpret
