#include "twin/detail/stream_events.hpp"

#include <algorithm>
#include <array>

namespace nt::twin {

StreamEvents stream_events(std::span<const int32_t> events, int64_t streams) {
  using Event = std::array<int32_t, 2>;
  const size_t count = events.size() / 3;
  StreamEvents all{std::vector<int64_t>(static_cast<size_t>(streams) + 1, 0), {}};
  all.event.reserve(2 * count);
  std::vector<Event> own;
  size_t e = 0;
  for (int64_t s = 0; s < streams; ++s) {
    own.clear();
    for (; e < count && events[3 * e] == s; ++e) own.push_back({events[3 * e + 1], events[3 * e + 2]});
    const auto earlier = [](const Event& a, const Event& b) { return a[1] < b[1]; };
    if (!std::ranges::is_sorted(own, earlier)) std::ranges::stable_sort(own, earlier);
    for (const auto& event : own) all.event.insert(all.event.end(), event.begin(), event.end());
    all.first[static_cast<size_t>(s) + 1] = static_cast<int64_t>(all.event.size() / 2);
  }
  return all;
}

}  // namespace nt::twin
