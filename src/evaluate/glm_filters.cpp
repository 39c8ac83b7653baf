#include "evaluate/detail/glm_filters.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evaluate/glm_filters.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace nt::evaluate {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, kGlmFilters>;
using V = hn::Vec<D>;
constexpr size_t kLanes = hn::MaxLanes(D());
constexpr size_t kVectors = kGlmFilters / kLanes;

/// One number for each filter.
struct OfFilters {
  V v[kVectors];
};

HWY_INLINE OfFilters load(const float* from) {
  OfFilters x;
  for (size_t i = 0; i < kVectors; ++i) x.v[i] = hn::LoadU(D(), from + i * kLanes);
  return x;
}

HWY_INLINE void store(const OfFilters& x, float* to) {
  for (size_t i = 0; i < kVectors; ++i) hn::StoreU(x.v[i], D(), to + i * kLanes);
}

HWY_INLINE OfFilters plus(const OfFilters& a, const OfFilters& b) {
  OfFilters sum;
  for (size_t i = 0; i < kVectors; ++i) sum.v[i] = hn::Add(a.v[i], b.v[i]);
  return sum;
}

/// a * b + c
HWY_INLINE OfFilters times_plus(const OfFilters& a, const OfFilters& b, const OfFilters& c) {
  OfFilters sum;
  for (size_t i = 0; i < kVectors; ++i) sum.v[i] = hn::MulAdd(a.v[i], b.v[i], c.v[i]);
  return sum;
}

HWY_INLINE OfFilters all(float x) {
  OfFilters same;
  for (size_t i = 0; i < kVectors; ++i) same.v[i] = hn::Set(D(), x);
  return same;
}

HWY_INLINE float sum_of(const OfFilters& x) {
  V sum = x.v[0];
  for (size_t i = 1; i < kVectors; ++i) sum = hn::Add(sum, x.v[i]);
  return hn::GetLane(hn::SumOfLanes(D(), sum));
}

void forward(const GlmEvents& events, const GlmDecays& decays, const float* HWY_RESTRICT weight, float bias,
             std::span<float> value) {
  const auto decay = load(decays.data());
  auto state = all(0);
  const uint32_t* channel = events.channel.data();
  for (size_t t = 0; t < value.size(); ++t) {
    // Four sums, so that additions need not wait for each other.
    OfFilters sum[kGlmSpikesAtOnce] = {all(0), all(0), all(0), all(0)};
    for (uint32_t e = events.first[t]; e < events.first[t + 1]; e += kGlmSpikesAtOnce) {
      for (uint32_t k = 0; k < kGlmSpikesAtOnce; ++k)
        sum[k] = plus(sum[k], load(weight + size_t{channel[e + k]} * kGlmFilters));
    }
    state = times_plus(decay, state, plus(plus(sum[0], sum[1]), plus(sum[2], sum[3])));
    value[t] = bias + sum_of(state);
  }
}

void backward(const GlmEvents& events, const GlmDecays& decays, std::span<const float> residual,
              float* HWY_RESTRICT gradient) {
  const auto decay = load(decays.data());
  auto state = all(0);
  const uint32_t* channel = events.channel.data();
  for (size_t t = residual.size(); t-- > 0;) {
    state = times_plus(decay, state, all(residual[t]));
    for (uint32_t e = events.first[t]; e < events.first[t + 1]; e += kGlmSpikesAtOnce) {
      for (uint32_t k = 0; k < kGlmSpikesAtOnce; ++k) {
        float* of_channel = gradient + size_t{channel[e + k]} * kGlmFilters;
        store(plus(load(of_channel), state), of_channel);
      }
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace nt::evaluate
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <numeric>

namespace nt::evaluate {
namespace {
HWY_EXPORT(forward);
HWY_EXPORT(backward);
}  // namespace

GlmEvents glm_events(std::span<const Spike> spikes, size_t duration_ms, size_t channels) {
  GlmEvents events{std::vector<uint32_t>(duration_ms + 1, 0), {}};
  for (const auto& spike : spikes) ++events.first[spike.ms + 1];
  for (auto& count : events.first) count = (count + kGlmSpikesAtOnce - 1) / kGlmSpikesAtOnce * kGlmSpikesAtOnce;
  std::partial_sum(events.first.begin(), events.first.end(), events.first.begin());
  // Four channels of nobody, so that none is written to twice in a row.
  for (uint32_t i = 0; i < events.first.back(); ++i)
    events.channel.push_back(static_cast<uint32_t>(channels) + i % kGlmSpikesAtOnce);
  auto next = events.first;
  for (const auto& spike : spikes) events.channel[next[spike.ms]++] = spike.channel;
  return events;
}

void glm_forward(const GlmEvents& events, const GlmDecays& decay, std::span<const float> weight, float bias,
                 std::span<float> value) {
  HWY_DYNAMIC_DISPATCH(forward)(events, decay, weight.data(), bias, value);
}

void glm_backward(const GlmEvents& events, const GlmDecays& decay, std::span<const float> residual,
                  std::span<float> gradient) {
  HWY_DYNAMIC_DISPATCH(backward)(events, decay, residual, gradient.data());
}

}  // namespace nt::evaluate
#endif
