#pragma once
// What generated kernels compute with on a device: one trial of a warp's 32 to each thread, a float of its
// own. The counterpart of lanes-inl.hpp, with its functions, ranges and accuracies. Part of what a cell's
// kernels are compiled from where the program runs.
#include <cmath>
#include <limits>

#include "device/code.hpp"
#include "random/draw.hpp"

#ifdef __CUDACC__
#define HWY_RESTRICT __restrict__
#else
#define HWY_RESTRICT __restrict
#endif

namespace nt::mechanism::device_code {

constexpr int kLanes = 32;  // of a tile: trials that lie side by side

/// Rows of numbers that lie here and there behind `base`.
template <class T>
struct Rows {
  T* base;
  const int32_t* at;
  NT_DEVICE T* operator[](int64_t i) const { return base + at[i]; }
};

/// KernelArguments of kernel.hpp, of one thread: pointers are to its own lane of the first row.
template <class T>
struct KernelArguments {
  int64_t first, last;
  const int32_t* node;
  const T* fixed;
  T* stored;
  const T* v;
  T *rhs, *d;
  Rows<T> ion, ion_slope;
  Rows<const T> table;
  const uint32_t* stream;
  const random::TrialKey* trial;
  T t;
};

namespace ln {

template <class T>
using Lanes = T;
/// From row to row.
template <class T>
constexpr size_t count() {
  return kLanes;
}

template <class T>
NT_DEVICE T Set(T x) {
  return x;
}
template <class T>
NT_DEVICE T Load(const T* p) {
  return *p;
}
template <class T>
NT_DEVICE void Store(T x, T* p) {
  *p = x;
}

NT_DEVICE float Negate(float x) {
  return -x;
}
NT_DEVICE float Magnitude(float x) {
  return fabsf(x);
}
NT_DEVICE float SquareRoot(float x) {
  return sqrtf(x);
}
NT_DEVICE float RoundDown(float x) {
  return floorf(x);
}
NT_DEVICE float RoundUp(float x) {
  return ceilf(x);
}
/// To about 1e-7 for |x| between 1e-37 and 1e37.
NT_DEVICE float Reciprocal(float x) {
#ifdef __CUDA_ARCH__
  return __fdividef(1.0f, x);
#else
  return 1.0f / x;
#endif
}
NT_DEVICE float Divide(float a, float b) {
  return a * Reciprocal(b);
}

/// x = n log 2 + r with |r| <= log(2)/2; returns n.
NT_DEVICE float Reduce(float x, float& r) {
  const float n = rintf(x * 1.44269504088896340736f);
  r = x - n * 0.69314718056f;
  return n;
}
/// (exp(r) - 1) / r for |r| <= log(2)/2, to 3e-9.
NT_DEVICE float Slope(float r) {
  float p = 0.00138145986f * r + 0.00836871691f;
  p = p * r + 0.041668388f;
  p = p * r + 0.166665206f;
  p = p * r + 0.499999934f;
  return p * r + 1.0f;
}
/// 2^n for a whole n from -126 to 127.
NT_DEVICE float PowerOfTwo(float n) {
  const auto bits = static_cast<uint32_t>(static_cast<int32_t>(n) + 127) << 23;
#ifdef __CUDA_ARCH__
  return __uint_as_float(bits);
#else
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
#endif
}
/// Arguments beyond these give the value there.
NT_DEVICE float Clamp(float x) {
  return fminf(fmaxf(x, -80.0f), 80.0f);
}
NT_DEVICE float ExpWithin(float x) {
  float r;
  const float n = Reduce(x, r);
  return (Slope(r) * r + 1.0f) * PowerOfTwo(n);
}
NT_DEVICE float Exp(float x) {
  return ExpWithin(Clamp(x));
}
NT_DEVICE float Expm1(float x) {
  float r;
  const float scale = PowerOfTwo(Reduce(Clamp(x), r));
  return Slope(r) * r * scale + (scale - 1.0f);
}
NT_DEVICE float Log(float x) {
  return logf(x);
}
NT_DEVICE float Log10(float x) {
  return Log(x) * 0.43429448190325182765f;
}
NT_DEVICE float Sine(float x) {
  return sinf(x);
}
NT_DEVICE float Cosine(float x) {
  return cosf(x);
}
NT_DEVICE float Tangent(float x) {
  return Sine(x) / Cosine(x);
}
NT_DEVICE float HyperbolicTangent(float x) {
  const float e = Expm1(x + x);
  return e / (e + 2.0f);
}
/// x^y as C's pow: with its sign for x < 0 and whole y, NaN for another y; 0^y is 0, 1 or infinite.
NT_DEVICE float Power(float x, float y) {
  if (x == 0) return y > 0 ? 0.0f : y == 0 ? 1.0f : std::numeric_limits<float>::infinity();
  const float power = Exp(y * Log(fabsf(x)));
  if (x > 0) return power;
  if (floorf(y) != y) return std::numeric_limits<float>::quiet_NaN();
  return floorf(y * 0.5f) == y * 0.5f ? power : -power;
}

/// A function's table at x: `table` holds where it starts, intervals per unit of x, how many there are, and
/// the entries. A straight line between two entries, the outermost ones beyond the ends. 0 intervals per
/// unit: after the entries follows what x each stands for. Of a table with places of its own: its value at x,
/// or its slope.
NT_DEVICE float UnevenTable(const float* table, float x, bool slope) {
  const auto last = static_cast<int32_t>(table[2]);
  const float *values = table + 3, *places = values + last + 1;
  int32_t low = 0, high = last;
  while (high - low > 1) {
    const int32_t middle = (low + high) / 2;
    (places[middle] <= x ? low : high) = middle;
  }
  const float wide = places[high] - places[low], rise = values[high] - values[low];
  const float part = (x - places[low]) / wide;
  if (slope) return part > 0 && part < 1 ? rise / wide : 0;
  return part <= 0 ? values[low] : part >= 1 ? values[high] : values[low] + part * rise;
}
NT_DEVICE float TableValue(const float* table, float x) {
  if (table[1] == 0) return UnevenTable(table, x, false);
  const float last = table[2];
  const float position = fminf(fmaxf((x - table[0]) * table[1], 0.0f), last);
  const float start = fminf(floorf(position), last - 1.0f);
  const auto at = static_cast<int32_t>(start);
  return table[3 + at] + (position - start) * (table[4 + at] - table[3 + at]);
}
NT_DEVICE float TableSlope(const float* table, float x) {
  if (table[1] == 0) return UnevenTable(table, x, true);
  const float last = table[2], position = (x - table[0]) * table[1];
  if (!(position > 0 && position < last)) return 0;
  const auto at = static_cast<int32_t>(fminf(floorf(position), last - 1.0f));
  return table[1] * (table[4 + at] - table[3 + at]);
}

/// A uniform random number in (0, 1): draw number `draws` + 65536 `rounds` of a stream.
NT_DEVICE float Draw(const random::TrialKey* trial, uint32_t stream, int half, float draws, float rounds) {
  constexpr float kBelowOne = 1.0f - std::numeric_limits<float>::epsilon() / 2;
  const uint32_t number = static_cast<uint32_t>(draws) + 65536u * static_cast<uint32_t>(rounds);
  const auto x = static_cast<float>(random::uniform_draw({*trial, stream}, number, half));
  return x < kBelowOne ? x : kBelowOne;
}

NT_DEVICE float Select(bool condition, float then, float otherwise) {
  return condition ? then : otherwise;
}
NT_DEVICE bool IsTrue(float x) {
  return x != 0;
}
NT_DEVICE bool Both(bool a, bool b) {
  return a && b;
}
NT_DEVICE bool Either(bool a, bool b) {
  return a || b;
}
NT_DEVICE bool Nay(bool a) {
  return !a;
}

}  // namespace ln
}  // namespace nt::mechanism::device_code
