#include "twin/detail/memory_step.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "twin/event_begins_fast.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace nt::twin {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

/// One bit for each lane.
template <class D, class M>
HWY_INLINE uint64_t bits_of(D d, M mask) {
  uint8_t bytes[8] = {};
  hn::StoreMaskBits(d, mask, bytes);
  return bytes[0] | uint64_t{bytes[1]} << 8;
}

/// Each event is compared with the next one, three vectors of numbers at a time: stream, channel and time
/// come in turn, so that a bit's place tells which it is.
bool begins(std::span<const int32_t> events, std::span<int64_t> first) {
  const hn::CappedTag<int32_t, 16> d;
  const auto n = static_cast<int64_t>(hn::Lanes(d)), count = static_cast<int64_t>(events.size() / 3);
  uint64_t of_stream = 0;
  for (int64_t e = 0; e < n; ++e) of_stream |= uint64_t{1} << (3 * e);
  const int32_t* const data = events.data();
  int64_t stream = -1;
  const auto begin_until = [&](int64_t e) {
    while (stream < data[3 * e]) first[static_cast<size_t>(++stream)] = e;
  };
  if (count > 0) begin_until(0);
  int64_t e = 0;
  for (; e + n < count; e += n) {
    uint64_t later = 0, same = 0;
    for (int64_t v = 0; v < 3; ++v) {
      const int32_t* from = data + 3 * e + v * n;
      const auto now = hn::LoadU(d, from), next = hn::LoadU(d, from + 3);
      later |= bits_of(d, hn::Gt(now, next)) << (v * n);
      same |= bits_of(d, hn::Eq(now, next)) << (v * n);
    }
    const uint64_t of_time = of_stream << 2, disorder = (later & of_stream) | (later & of_time & same << 2);
    if (disorder != 0) return false;
    for (uint64_t change = ~same & of_stream; change != 0; change &= change - 1)
      begin_until(e + static_cast<int64_t>(hwy::Num0BitsBelowLS1Bit_Nonzero64(change)) / 3 + 1);
  }
  for (; e + 1 < count; ++e) {
    const int32_t* event = data + 3 * e;
    if (event[0] > event[3] || (event[0] == event[3] && event[2] > event[5])) return false;
    begin_until(e + 1);
  }
  while (stream + 1 < std::ssize(first)) first[static_cast<size_t>(++stream)] = count;
  return true;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace nt::twin
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nt::twin {
namespace {
HWY_EXPORT(begins);
}  // namespace

bool begins_of_streams(std::span<const int32_t> events, std::span<int64_t> first) {
  return HWY_DYNAMIC_DISPATCH(begins)(events, first);
}
}  // namespace nt::twin
#endif
