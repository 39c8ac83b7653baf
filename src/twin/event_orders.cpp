#include "twin/event_convolution_cuda.hpp"
#include "twin/event_order.hpp"

namespace neurontwin {

EventOrders order_events(const EventConvolutionShape& s, std::span<const int32_t> events) {
  const int64_t times = s.duration + s.taps - 1;
  auto by_time = in_order(reaching_events(s, events), s.windows * times,
                          [&](const Event& e) { return e.window * times + e.time; });
  auto by_channel = in_order(by_time.events, s.channels, [](const Event& e) { return e.channel; });
  EventOrders o{std::move(by_time.first), {}, std::move(by_channel.first), {}};
  for (const auto& e : by_time.events) o.channel.push_back(e.channel);
  for (const auto& e : by_channel.events) o.window_time.insert(o.window_time.end(), {e.window, e.time});
  return o;
}

}  // namespace neurontwin
