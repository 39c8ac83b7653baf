#include <hwy/aligned_allocator.h>
#include <hwy/cache_control.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "twin/detail/event_convolution.hpp"
#include "twin/detail/event_order.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "twin/event_convolution_fast.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// Features are worked on in slices of one cache line or less; of four where filters are so short that there
// would be little to do for one event. A slice of all windows' output (8 x 400 x 64 B
// = 205 kB) stays in the second-level cache while every channel's slice of filter (54 x 64 B = 3.5 kB) passes
// through the first once per batch. Within a slice, as in the whole arrays, taps and time run forward with
// features innermost: what one event touches is one contiguous stretch on either side.

#ifndef NEURONTWIN_EVENT_CONVOLUTION_ONCE
#define NEURONTWIN_EVENT_CONVOLUTION_ONCE
namespace nt::twin {
namespace {

/// By group of windows and channel, then time.
OrderedEvents sort_events(const EventConvolutionShape& s, std::span<const int32_t> events, int64_t groups) {
  const auto by_time =
      in_order(reaching_events(s, events), s.duration + s.taps - 1, [](const Event& e) { return e.time; });
  return in_order(by_time.events, groups * s.channels,
                  [&](const Event& e) { return e.window * groups / s.windows * s.channels + e.channel; });
}

/// The features [begin, begin + count) that one task works on.
struct Slice {
  int64_t begin, count;
};

template <class T>
int64_t slices_of(const EventConvolutionShape& s) {
  constexpr int64_t kLine = 64 / sizeof(T);
  const int64_t widest = kLine * std::clamp<int64_t>(8 / s.taps, 1, 4);
  return (s.features + widest - 1) / widest;
}

template <class T>
Slice slice_of(const EventConvolutionShape& s, int64_t i) {
  const int64_t n = slices_of<T>(s), begin = s.features * i / n;
  return {begin, s.features * (i + 1) / n - begin};
}

/// Windows are worked on in so many groups: enough to keep all threads busy, and small enough for a group's
/// slice of the output to stay in the second-level cache.
template <class T>
int64_t groups_of(const EventConvolutionShape& s, int64_t slices, int threads) {
  constexpr int64_t kCache = 256 << 10;
  const int64_t bytes = s.windows * s.duration * ((s.features + slices - 1) / slices) * sizeof(T);
  const int64_t for_threads = (2 * threads + slices - 1) / slices;
  return std::clamp<int64_t>(std::max(for_threads, (bytes + kCache - 1) / kCache), 1,
                             std::max<int64_t>(s.windows, 1));
}

/// to[row][0 .. count) = from[row][0 .. count), rows `to_stride` and `from_stride` apart.
template <class T>
void copy_rows(const T* from, int64_t from_stride, T* to, int64_t to_stride, int64_t rows, int64_t count) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = 0; i < count; ++i) to[row * to_stride + i] = from[row * from_stride + i];
  }
}

template <class T>
struct Kernels {
  decltype(&event_convolution_forward<T>) forward;
  decltype(&event_convolution_weight_gradient<T>) weight_gradient;
  decltype(&event_convolution_add<T>) add;
};

}  // namespace
}  // namespace nt::twin
#endif

HWY_BEFORE_NAMESPACE();
namespace nt::twin {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

/// sum[i] += term[i]
template <class T>
HWY_INLINE void add(const T* HWY_RESTRICT term, T* HWY_RESTRICT sum, int64_t count) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    const auto a = hn::Add(hn::LoadU(d, sum + i), hn::LoadU(d, term + i));
    const auto b = hn::Add(hn::LoadU(d, sum + i + lanes), hn::LoadU(d, term + i + lanes));
    const auto c = hn::Add(hn::LoadU(d, sum + i + 2 * lanes), hn::LoadU(d, term + i + 2 * lanes));
    const auto e = hn::Add(hn::LoadU(d, sum + i + 3 * lanes), hn::LoadU(d, term + i + 3 * lanes));
    hn::StoreU(a, d, sum + i);
    hn::StoreU(b, d, sum + i + lanes);
    hn::StoreU(c, d, sum + i + 2 * lanes);
    hn::StoreU(e, d, sum + i + 3 * lanes);
  }
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(hn::Add(hn::LoadU(d, sum + i), hn::LoadU(d, term + i)), d, sum + i);
  }
  for (; i < count; ++i) sum[i] += term[i];
}

/// copy_rows() of slices; whole cache lines are moved as such. `past_caches` is for what is not read again
/// soon (the gradient of a large layer): lines written whole need not be fetched first.
template <class T>
HWY_INLINE void copy_slices(const T* HWY_RESTRICT from, int64_t from_stride, T* HWY_RESTRICT to,
                            int64_t to_stride, int64_t rows, int64_t count, bool past_caches) {
  constexpr int64_t kLine = 64 / sizeof(T);
  const hn::CappedTag<T, kLine> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto whole = [&](const T* p, int64_t stride) {
    return reinterpret_cast<uintptr_t>(p) % 64 == 0 && stride % kLine == 0;
  };
  if (count != kLine || !whole(from, from_stride) || !whole(to, to_stride)) {
    return copy_rows(from, from_stride, to, to_stride, rows, count);
  }
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = 0; i < kLine; i += lanes) {
      const auto x = hn::Load(d, from + row * from_stride + i);
      T* at = to + row * to_stride + i;
      past_caches ? hn::Stream(x, d, at) : hn::Store(x, d, at);
    }
  }
}

template <class T>
void forward(const EventConvolutionShape& s, std::span<const int32_t> events, const T* weight, T* output,
             const Parallel& parallel) {
  const int64_t slices = slices_of<T>(s);
  const int64_t groups = groups_of<T>(s, slices, parallel.threads);
  const auto sorted = sort_events(s, events, groups);
  parallel.run(slices * groups, [&](int64_t task) {
    const auto [f, width] = slice_of<T>(s, task % slices);
    const int64_t group = task / slices;
    // Windows w of this group: w * groups / windows == group.
    const int64_t w_begin = (group * s.windows + groups - 1) / groups;
    const int64_t w_end = ((group + 1) * s.windows + groups - 1) / groups;
    const int64_t rows = (w_end - w_begin) * s.duration;
    const auto sum = hwy::AllocateAligned<T>(static_cast<size_t>(rows * width));
    const auto filter = hwy::AllocateAligned<T>(static_cast<size_t>(s.taps * width));
    std::fill_n(sum.get(), rows * width, T(0));
    for (int64_t channel = 0; channel < s.channels; ++channel) {
      const int32_t* first = sorted.first.data() + group * s.channels + channel;
      if (first[0] == first[1]) continue;
      copy_slices(weight + channel * s.taps * s.features + f, s.features, filter.get(), width, s.taps, width,
                  false);
      for (int64_t i = first[0]; i < first[1]; ++i) {
        const auto& [window, of, time] = sorted.events[i];
        const int64_t first_output = time - (s.taps - 1);
        const int64_t k_begin = std::max<int64_t>(0, -first_output);
        const int64_t k_end = std::min(s.taps, s.duration - first_output);
        add(filter.get() + k_begin * width,
            sum.get() + ((window - w_begin) * s.duration + first_output + k_begin) * width,
            (k_end - k_begin) * width);
      }
    }
    copy_rows(sum.get(), width, output + w_begin * s.duration * s.features + f, s.features, rows, width);
  });
}

template <class T>
void weight_gradient(const EventConvolutionShape& s, std::span<const int32_t> events,
                     const T* output_gradient, T* gradient, const Parallel& parallel) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  constexpr int64_t kSums = 8;  // in registers, for as many vectors of one channel's filter
  const int64_t block = kSums * lanes;
  const int64_t slices = slices_of<T>(s);
  const auto sorted = sort_events(s, events, 1);

  // Each slice of the output's gradient with a row for every time from the first spike to the last one's last
  // tap, zero where there is no output: then what tap k of a spike at t meets is row t + k.
  const int64_t rows = s.duration + 2 * (s.taps - 1);
  std::vector<hwy::AlignedFreeUniquePtr<T[]>> padded(static_cast<size_t>(slices));
  for (int64_t i = 0; i < slices; ++i) {
    const int64_t size = s.windows * rows * slice_of<T>(s, i).count + block;
    padded[i] = hwy::AllocateAligned<T>(static_cast<size_t>(size));
  }
  parallel.run(slices, [&](int64_t i) {
    const auto [f, width] = slice_of<T>(s, i);
    T* to = padded[i].get();
    for (int64_t w = 0; w < s.windows; ++w) {
      T* window = to + w * rows * width;
      const int64_t pad = (s.taps - 1) * width;
      std::fill_n(window, pad, T(0));
      copy_rows(output_gradient + w * s.duration * s.features + f, s.features, window + pad, width,
                s.duration, width);
      std::fill_n(window + pad + s.duration * width, pad, T(0));
    }
    std::fill_n(to + s.windows * rows * width, block, T(0));
  });

  // Channels in as many parts as keep all threads busy.
  const int64_t parts = std::clamp<int64_t>((4 * parallel.threads + slices - 1) / slices, 1, s.channels);
  parallel.run(slices * parts, [&](int64_t task) {
    const int64_t slice = task / parts, part = task % parts;
    const auto [f, width] = slice_of<T>(s, slice);
    const T* from = padded[slice].get();
    const int64_t size = s.taps * width;
    const auto sums = hwy::AllocateAligned<T>(static_cast<size_t>(size + block));
    std::vector<int64_t> offset, time;
    for (int64_t channel = s.channels * part / parts; channel < s.channels * (part + 1) / parts; ++channel) {
      const int64_t begin = sorted.first[channel];
      const int64_t count = sorted.first[static_cast<size_t>(channel) + 1] - begin;
      offset.clear();
      time.clear();
      for (int64_t i = 0; i < count; ++i) {
        const auto& [window, of, t] = sorted.events[begin + i];
        offset.push_back((window * rows + t) * width);
        time.push_back(t);
      }
      // Of the events, sorted by time, those whose taps of the present block fall on outputs are i_begin ..
      // i_end; both ends move backwards as taps move on.
      int64_t i_begin = count, i_end = count;
      for (int64_t at = 0; at < size; at += block) {
        const int64_t k_first = at / width, k_last = (at + block - 1) / width;
        while (i_begin > 0 && time[i_begin - 1] + k_last >= s.taps - 1) --i_begin;
        while (i_end > 0 && time[i_end - 1] + k_first >= s.taps - 1 + s.duration) --i_end;
        auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        for (int64_t i = i_begin; i < i_end; ++i) {
          const T* p = from + offset[i] + at;
          s0 = hn::Add(s0, hn::LoadU(d, p));
          s1 = hn::Add(s1, hn::LoadU(d, p + lanes));
          s2 = hn::Add(s2, hn::LoadU(d, p + 2 * lanes));
          s3 = hn::Add(s3, hn::LoadU(d, p + 3 * lanes));
          s4 = hn::Add(s4, hn::LoadU(d, p + 4 * lanes));
          s5 = hn::Add(s5, hn::LoadU(d, p + 5 * lanes));
          s6 = hn::Add(s6, hn::LoadU(d, p + 6 * lanes));
          s7 = hn::Add(s7, hn::LoadU(d, p + 7 * lanes));
        }
        T* to = sums.get() + at;
        hn::Store(s0, d, to);
        hn::Store(s1, d, to + lanes);
        hn::Store(s2, d, to + 2 * lanes);
        hn::Store(s3, d, to + 3 * lanes);
        hn::Store(s4, d, to + 4 * lanes);
        hn::Store(s5, d, to + 5 * lanes);
        hn::Store(s6, d, to + 6 * lanes);
        hn::Store(s7, d, to + 7 * lanes);
      }
      copy_slices(sums.get(), width, gradient + channel * s.taps * s.features + f, s.features, s.taps, width,
                  true);
    }
    hwy::FlushStream();
  });
}

template <class T>
void add_events(const EventAdditionShape& s, std::span<const int32_t> events, const T* weight, T* rows,
                const Parallel& parallel) {
  const int64_t count = s.taps * s.features, all = static_cast<int64_t>(events.size() / 3);
  // Each task has a share of the events, moved to where a window begins.
  const int64_t tasks = parallel.threads > 1 ? std::clamp<int64_t>(2 * parallel.threads, 1, all + 1) : 1;
  const auto begin = [&](int64_t share) {
    int64_t e = all * share / tasks;
    while (e > 0 && e < all && events[3 * e] == events[3 * e - 3]) ++e;
    return e;
  };
  const auto task = [&](int64_t share) {
    const int64_t end = begin(share + 1);
    for (int64_t e = begin(share); e < end; ++e) {
      const int32_t* event = &events[3 * e];
      add(weight + event[1] * count, rows + event[0] * s.stride + event[2] * s.features, count);
    }
  };
  parallel.run(tasks, std::ref(task));
}

Kernels<float> in_float() {
  return {.forward = &forward, .weight_gradient = &weight_gradient, .add = &add_events};
}
Kernels<double> in_double() {
  return {.forward = &forward, .weight_gradient = &weight_gradient, .add = &add_events};
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace nt::twin
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "mechanism/best_kernels.hpp"

namespace nt::twin {
namespace {
NEURONTWIN_BEST(Kernels)
}  // namespace

template <class T>
void event_convolution_forward(const EventConvolutionShape& shape, std::span<const int32_t> events,
                               const T* weight, T* output, const Parallel& parallel) {
  best<T>().forward(shape, events, weight, output, parallel);
}
template <class T>
void event_convolution_weight_gradient(const EventConvolutionShape& shape, std::span<const int32_t> events,
                                       const T* output_gradient, T* gradient, const Parallel& parallel) {
  best<T>().weight_gradient(shape, events, output_gradient, gradient, parallel);
}

template <class T>
void event_convolution_add(const EventAdditionShape& shape, std::span<const int32_t> events, const T* weight,
                           T* rows, const Parallel& parallel) {
  best<T>().add(shape, events, weight, rows, parallel);
}

template void event_convolution_add<float>(const EventAdditionShape&, std::span<const int32_t>, const float*,
                                           float*, const Parallel&);
template void event_convolution_add<double>(const EventAdditionShape&, std::span<const int32_t>,
                                            const double*, double*, const Parallel&);
template void event_convolution_forward(const EventConvolutionShape&, std::span<const int32_t>, const float*,
                                        float*, const Parallel&);
template void event_convolution_forward(const EventConvolutionShape&, std::span<const int32_t>, const double*,
                                        double*, const Parallel&);
template void event_convolution_weight_gradient(const EventConvolutionShape&, std::span<const int32_t>,
                                                const float*, float*, const Parallel&);
template void event_convolution_weight_gradient(const EventConvolutionShape&, std::span<const int32_t>,
                                                const double*, double*, const Parallel&);
}  // namespace nt::twin
#endif
