#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace nt::network {

/// A spike that reaches a neuron in some ms.
struct Arrival {
  uint32_t neuron = 0, synapse = 0;
  float offset_ms = 0;  // in that ms, from 0 to less than 1
  float weight = 0;     // NaN: the synapse's own
};

/// Spikes on their way to a population, by the ms in which they arrive: one list for each ms up to the
/// longest delay, used in turn.
class PendingArrivals {
 public:
  explicit PendingArrivals(float longest_delay_ms = 1) : slots_(static_cast<size_t>(longest_delay_ms) + 2) {}

  /// `ms`: from the next one to the longest delay after this one.
  void add(int64_t ms, const Arrival& arrival) { slot(ms).push_back(arrival); }
  std::span<const Arrival> in(int64_t ms) const { return slots_[static_cast<size_t>(ms) % slots_.size()]; }
  /// After a ms.
  void forget(int64_t ms) { slot(ms).clear(); }

  size_t slots() const { return slots_.size(); }
  /// One list, by neuron: to a neuron they come in the same order then.
  std::vector<Arrival> by_neuron(size_t slot) const {
    auto list = slots_[slot];
    std::ranges::stable_sort(list, {}, &Arrival::neuron);
    return list;
  }
  void set(size_t slot, std::vector<Arrival> list) { slots_[slot] = std::move(list); }

 private:
  std::vector<Arrival>& slot(int64_t ms) { return slots_[static_cast<size_t>(ms) % slots_.size()]; }
  std::vector<std::vector<Arrival>> slots_;
};

}  // namespace nt::network
