#include "network/detail/input.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "network/detail/draws.hpp"

namespace nt::network {
namespace {

constexpr size_t kBlock = 32;  // neurons of a task: few, so that threads end together
constexpr uint64_t kMost_ms = uint64_t{1} << 40;
constexpr float kOwnWeight = std::numeric_limits<float>::quiet_NaN();

}  // namespace

Input::Input(std::vector<ChosenBackground> backgrounds, int64_t neurons, uint64_t seed, uint64_t first_neuron)
    : neurons_(static_cast<size_t>(neurons)),
      seed_(seed),
      first_neuron_(first_neuron),
      first_(neurons_ + 1),
      blocks_((neurons_ + kBlock - 1) / kBlock) {
  for (auto& b : backgrounds) {
    if (b.rate_hz <= 0) continue;
    const random::FailuresTable silent(std::log1p(-b.rate_hz / 1000), std::ssize(b.synapses));
    backgrounds_.push_back({std::move(b), silent});
  }
}

void Input::sort(std::span<const Arrival> arrivals) {
  std::ranges::fill(first_, 0);
  for (const auto& a : arrivals) ++first_[a.neuron + 1];
  for (size_t n = 1; n < first_.size(); ++n) first_[n] += first_[n - 1];
  sorted_.resize(arrivals.size());
  std::vector<size_t> next(first_.begin(), first_.end() - 1);
  for (const auto& a : arrivals) sorted_[next[a.neuron]++] = a;
}

/// One spike of a synapse in a ms at most, with the chance rate/1000: the synapses between two that have one
/// are skipped at once.
void Input::draw(int64_t ms, uint32_t neuron, std::vector<Arrival>& to) const {
  const auto t = static_cast<double>(ms);
  for (const auto& [b, silent] : backgrounds_) {
    if (t < b.from_ms || t >= b.until_ms) continue;
    Draws random(seed_, kBackground, first_neuron_ + neuron, b.number * kMost_ms + static_cast<uint64_t>(ms));
    const auto count = std::ssize(b.synapses);
    for (int64_t s = silent.failures(random.uniform()); s < count; s += 1 + silent.failures(random.uniform()))
      to.push_back({neuron, b.synapses[static_cast<size_t>(s)], 0, kOwnWeight});
  }
}

std::span<const Arrival> Input::in(int64_t ms, std::span<const Arrival> arrivals,
                                   const twin::Parallel& parallel) {
  sort(arrivals);
  if (backgrounds_.empty()) return sorted_;
  parallel.run(static_cast<int64_t>(blocks_.size()), [&](int64_t task) {
    const auto b = static_cast<size_t>(task);
    auto& block = blocks_[b];
    block.clear();
    for (size_t n = b * kBlock; n < std::min(neurons_, (b + 1) * kBlock); ++n) {
      block.insert(block.end(), sorted_.begin() + static_cast<int64_t>(first_[n]),
                   sorted_.begin() + static_cast<int64_t>(first_[n + 1]));
      draw(ms, static_cast<uint32_t>(n), block);
    }
  });
  all_.clear();
  for (const auto& block : blocks_) all_.insert(all_.end(), block.begin(), block.end());
  return all_;
}

}  // namespace nt::network
