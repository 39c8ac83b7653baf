#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "simulate/state_bytes.hpp"

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

  void save(simulate::StateWriter& to) const {
    to.put(slots_.size());
    for (const auto& list : slots_) to.put(std::span<const Arrival>(list));
  }
  void load(simulate::StateReader& from) {
    size_t slots = slots_.size();
    from.get_into(slots);
    if (slots != slots_.size())
      fail_input("a state of a network does not fit it: its longest delay is another");
    for (auto& list : slots_) list = from.get<Arrival>();
  }

 private:
  std::vector<Arrival>& slot(int64_t ms) { return slots_[static_cast<size_t>(ms) % slots_.size()]; }
  std::vector<std::vector<Arrival>> slots_;
};

}  // namespace nt::network
