#include <algorithm>

#include "twin/event_convolution_cuda.hpp"

namespace neurontwin {

EventOrders order_events(const EventConvolutionShape& s, std::span<const int32_t> events) {
  const int64_t times = s.duration + s.taps - 1;
  EventOrders o;
  o.first_at.resize(static_cast<size_t>(s.windows * times) + 1);
  o.first_of.resize(static_cast<size_t>(s.channels) + 1);
  struct Event {
    int32_t window, channel, time;
  };
  std::vector<Event> kept;
  for (size_t e = 0; e + 2 < events.size(); e += 3) {
    if (events[e + 2] >= 0 && events[e + 2] < times)
      kept.push_back({events[e], events[e + 1], events[e + 2]});
  }
  const auto at = [&](const Event& e) { return static_cast<size_t>(e.window * times + e.time); };
  for (const auto& e : kept) {
    ++o.first_at[at(e) + 1];
    ++o.first_of[static_cast<size_t>(e.channel) + 1];
  }
  for (size_t i = 1; i < o.first_at.size(); ++i) o.first_at[i] += o.first_at[i - 1];
  for (size_t i = 1; i < o.first_of.size(); ++i) o.first_of[i] += o.first_of[i - 1];

  // Two counting sorts; the second keeps the order of the first.
  std::vector<Event> by_time(kept.size());
  auto next = o.first_at;
  for (const auto& e : kept) by_time[static_cast<size_t>(next[at(e)]++)] = e;
  o.channel.reserve(kept.size());
  for (const auto& e : by_time) o.channel.push_back(e.channel);
  o.window_time.resize(2 * kept.size());
  next = o.first_of;
  for (const auto& e : by_time) {
    const auto place = 2 * static_cast<size_t>(next[static_cast<size_t>(e.channel)]++);
    o.window_time[place] = e.window;
    o.window_time[place + 1] = e.time;
  }
  return o;
}

}  // namespace neurontwin
