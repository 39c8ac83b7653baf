#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "twin/detail/event_convolution.hpp"

namespace nt::twin {

struct Event {
  int32_t window, channel, time;
};

/// Events with where each key's begin: those of key k are [first[k], first[k + 1]).
struct OrderedEvents {
  std::vector<Event> events;
  std::vector<int32_t> first;
};

/// Those of `events` ([n][3] as in event_convolution.hpp) that reach an output.
inline std::vector<Event> reaching_events(const EventConvolutionShape& s, std::span<const int32_t> events) {
  const int64_t times = s.duration + s.taps - 1;
  std::vector<Event> kept;
  kept.reserve(events.size() / 3);
  for (size_t e = 0; e + 2 < events.size(); e += 3) {
    if (events[e + 2] >= 0 && events[e + 2] < times)
      kept.push_back({events[e], events[e + 1], events[e + 2]});
  }
  return kept;
}

/// Events in the order of key(event), 0 .. keys - 1, those of one key as they were: a counting sort.
template <class Key>
OrderedEvents in_order(const std::vector<Event>& events, int64_t keys, Key&& key) {
  OrderedEvents ordered{std::vector<Event>(events.size()),
                        std::vector<int32_t>(static_cast<size_t>(keys) + 1)};
  auto& first = ordered.first;
  for (const auto& e : events) ++first[static_cast<size_t>(key(e)) + 1];
  for (size_t i = 1; i < first.size(); ++i) first[i] += first[i - 1];
  std::vector<int32_t> next(first.begin(), first.end() - 1);
  for (const auto& e : events) ordered.events[next[key(e)]++] = e;
  return ordered;
}

}  // namespace nt::twin
