#include "twin/detail/memory_step.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "twin/memory_step_fast.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After the target is chosen.
#include "twin/detail/leaky_memory-inl.hpp"

#ifndef NEURONTWIN_MEMORY_STEP_ONCE
#define NEURONTWIN_MEMORY_STEP_ONCE
namespace nt::twin {
namespace {

constexpr int kColumns = 8;  // of a matrix at a time: enough sums to hide the latency of each

/// Calls f(std::integral_constant, first column) for columns 8 by 8, and what is left.
template <class F>
void for_each_block(int64_t columns, F&& f) {
  int64_t i = 0;
  for (; i + kColumns <= columns; i += kColumns) f(std::integral_constant<int, kColumns>(), i);
  if ((columns - i) & 4) f(std::integral_constant<int, 4>(), i), i += 4;
  if ((columns - i) & 2) f(std::integral_constant<int, 2>(), i), i += 2;
  if ((columns - i) & 1) f(std::integral_constant<int, 1>(), i);
}

template <class T>
struct Kernels {
  decltype(&step_lanes<T>) lanes;
  decltype(&branch_step<T>) branches;
  decltype(&carry_sums<T>) carry;
  decltype(&memory_step<T>) step;
};

}  // namespace
}  // namespace nt::twin
#endif

HWY_BEFORE_NAMESPACE();
namespace nt::twin {
namespace HWY_NAMESPACE {
namespace {

template <class T>
int64_t lanes() {
  return static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
}

/// sum[c] += sum over r of x[r] matrix[r][c], of kCount columns
template <int kCount, class D, class V, class T>
HWY_INLINE void add_product(D d, const T* HWY_RESTRICT matrix, int64_t rows, const T* HWY_RESTRICT x,
                            V* sum) {
  const auto n = static_cast<int64_t>(hn::Lanes(d));
  V s[kCount];
  for (int c = 0; c < kCount; ++c) s[c] = sum[c];
  for (int64_t r = 0; r < rows; ++r, x += n, matrix += kCount) {
    const V factor = hn::Load(d, x);
    for (int c = 0; c < kCount; ++c) s[c] = hn::MulAdd(factor, hn::Set(d, matrix[c]), s[c]);
  }
  for (int c = 0; c < kCount; ++c) sum[c] = s[c];
}

/// The spikes of all streams at `time`.
template <int64_t kRuns, class T>
HWY_INLINE void add_spikes(const ContactRuns<T>& contacts, int32_t time, std::span<EventsToCome> streams,
                           T* HWY_RESTRICT arriving) {
  const int64_t n = lanes<T>(), runs = kRuns > 0 ? kRuns : contacts.each;
  for (auto& stream : streams) {
    const int32_t* event = stream.next;
    for (; event != stream.end && event[2] == time; event += 3) {
      const ContactRun<T>* run = contacts.runs + event[1] * runs;
      for (int64_t i = 0; i < runs; ++i, ++run) {
        T* to = arriving + run->at;
        for (int64_t k = 0; k < kRun; ++k) to[k * n] += run->weight[static_cast<size_t>(k)];
      }
    }
    stream.next = event;
    ++arriving;
  }
}

template <class T>
void branches(const ContactRuns<T>& contacts, int64_t count, const T* HWY_RESTRICT keep, int32_t time,
              std::span<EventsToCome> streams, T* HWY_RESTRICT arriving, T* HWY_RESTRICT sums) {
  contacts.each == 1 ? add_spikes<1>(contacts, time, streams, arriving)
                     : add_spikes<0>(contacts, time, streams, arriving);
  const hn::ScalableTag<T> d;
  const int64_t n = lanes<T>();
  for (int64_t b = 0; b < count; ++b, sums += n, arriving += n) {
    const auto came = hn::Load(d, arriving);
    hn::Store(hn::MulAdd(hn::Set(d, keep[b]), hn::Load(d, sums), came), d, sums);
    hn::Store(hn::Zero(d), d, arriving);
  }
}

template <class T>
void carry(const T* HWY_RESTRICT keep, const T* HWY_RESTRICT before, T* HWY_RESTRICT now, int64_t count) {
  const hn::ScalableTag<T> d;
  const int64_t n = lanes<T>();
  int64_t b = 0;
  for (; b + n <= count; b += n)
    hn::StoreU(hn::MulAdd(hn::LoadU(d, keep + b), hn::LoadU(d, before + b), hn::LoadU(d, now + b)), d,
               now + b);
  const hn::CappedTag<T, 1> one;
  for (; b < count; ++b)
    hn::StoreU(hn::MulAdd(hn::LoadU(one, keep + b), hn::LoadU(one, before + b), hn::LoadU(one, now + b)), one,
               now + b);
}

template <HiddenActivation kActivation, class T>
void step_with(const MemoryStepShape& s, const MemoryStepWeights<T>& w, const T* sums, T* memory, T* scratch,
               T* outputs) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t n = lanes<T>();
  T* hidden = scratch;
  T* decayed = hidden + s.hidden * n;
  for (int64_t u = 0; u < s.units; ++u)
    hn::Store(hn::Mul(hn::Set(d, w.keep[u]), hn::Load(d, memory + u * n)), d, decayed + u * n);
  for_each_block(s.hidden, [&](auto count, int64_t first) HWY_ATTR {
    constexpr int kCount = count;
    V sum[kCount];
    for (int c = 0; c < kCount; ++c) sum[c] = hn::Zero(d);
    add_product<kCount>(d, w.branch_weight + first * s.branches, s.branches, sums, sum);
    for (int c = 0; c < kCount; ++c) sum[c] = hn::Add(sum[c], hn::Set(d, w.hidden_bias[first + c]));
    add_product<kCount>(d, w.memory_weight + first * s.units, s.units, decayed, sum);
    for (int c = 0; c < kCount; ++c)
      hn::Store(activated<kActivation>(d, sum[c]), d, hidden + (first + c) * n);
  });
  for_each_block(s.units, [&](auto count, int64_t first) HWY_ATTR {
    constexpr int kCount = count;
    V sum[kCount];
    for (int c = 0; c < kCount; ++c) sum[c] = hn::Set(d, w.delta_bias[first + c]);
    add_product<kCount>(d, w.delta_weight + first * s.hidden, s.hidden, hidden, sum);
    for (int c = 0; c < kCount; ++c) {
      const int64_t u = first + c;
      hn::Store(hn::MulAdd(hn::Set(d, w.gate[u]), written(d, sum[c]), hn::Load(d, decayed + u * n)), d,
                memory + u * n);
    }
  });
  for_each_block(s.outputs, [&](auto count, int64_t first) HWY_ATTR {
    constexpr int kCount = count;
    V sum[kCount];
    for (int c = 0; c < kCount; ++c) sum[c] = hn::Zero(d);
    add_product<kCount>(d, w.head_weight + first * s.units, s.units, memory, sum);
    for (int c = 0; c < kCount; ++c)
      hn::Store(hn::Add(sum[c], hn::Set(d, w.head_constant[first + c])), d, outputs + (first + c) * n);
  });
}

template <class T>
void step(const MemoryStepShape& s, const MemoryStepWeights<T>& w, const T* sums, T* memory, T* scratch,
          T* outputs) {
  s.activation == HiddenActivation::relu
      ? step_with<HiddenActivation::relu>(s, w, sums, memory, scratch, outputs)
      : step_with<HiddenActivation::silu>(s, w, sums, memory, scratch, outputs);
}

Kernels<float> in_float() {
  return {.lanes = &lanes<float>, .branches = &branches, .carry = &carry, .step = &step};
}
Kernels<double> in_double() {
  return {.lanes = &lanes<double>, .branches = &branches, .carry = &carry, .step = &step};
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
int64_t step_lanes() {
  return best<T>().lanes();
}
template <class T>
void pack_step_matrix(const T* matrix, int64_t rows, int64_t columns, T* packed) {
  for_each_block(columns, [&](auto count, int64_t first) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < count; ++c) *packed++ = matrix[r * columns + first + c];
    }
  });
}
template <class T>
void branch_step(const ContactRuns<T>& contacts, int64_t branches, const T* keep, int32_t time,
                 std::span<EventsToCome> streams, T* arriving, T* sums) {
  best<T>().branches(contacts, branches, keep, time, streams, arriving, sums);
}
template <class T>
void carry_sums(const T* keep, const T* before, T* now, int64_t branches) {
  best<T>().carry(keep, before, now, branches);
}
template <class T>
void memory_step(const MemoryStepShape& shape, const MemoryStepWeights<T>& weights, const T* sums, T* memory,
                 T* scratch, T* outputs) {
  best<T>().step(shape, weights, sums, memory, scratch, outputs);
}

template int64_t step_lanes<float>();
template int64_t step_lanes<double>();
template void pack_step_matrix(const float*, int64_t, int64_t, float*);
template void pack_step_matrix(const double*, int64_t, int64_t, double*);
template void branch_step(const ContactRuns<float>&, int64_t, const float*, int32_t, std::span<EventsToCome>,
                          float*, float*);
template void carry_sums(const float*, const float*, float*, int64_t);
template void memory_step(const MemoryStepShape&, const MemoryStepWeights<float>&, const float*, float*,
                          float*, float*);
template void branch_step(const ContactRuns<double>&, int64_t, const double*, int32_t,
                          std::span<EventsToCome>, double*, double*);
template void carry_sums(const double*, const double*, double*, int64_t);
template void memory_step(const MemoryStepShape&, const MemoryStepWeights<double>&, const double*, double*,
                          double*, double*);
}  // namespace nt::twin
#endif
