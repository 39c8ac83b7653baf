#include <hwy/aligned_allocator.h>

#include <algorithm>

#include "twin/leaky_memory.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "twin/leaky_memory_fast.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After the target is chosen.
#include "twin/detail/leaky_memory-inl.hpp"

#ifndef NEURONTWIN_LEAKY_MEMORY_ONCE
#define NEURONTWIN_LEAKY_MEMORY_ONCE
namespace nt::twin {
namespace {

constexpr int64_t kGroup = 4;  // windows that go through time together, at most

template <class T>
struct Kernels {
  decltype(&padded_row<T>) padded;
  decltype(&leaky_memory_forward<T>) forward;
  decltype(&leaky_memory_backward<T>) backward;
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

template <class T>
int64_t padded(int64_t count) {
  return (count + lanes<T>() - 1) / lanes<T>() * lanes<T>();
}

template <class T>
using Numbers = hwy::AlignedFreeUniquePtr<T[]>;

/// A matrix with padded rows, perhaps transposed.
template <class T>
struct Matrix {
  int64_t rows, width;
  Numbers<T> data;
  Matrix(const T* from, int64_t rows_, int64_t columns, bool transposed)
      : rows(rows_),
        width(padded<T>(columns)),
        data(hwy::AllocateAligned<T>(static_cast<size_t>(std::max<int64_t>(1, rows * width)))) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < width; ++c)
        data[r * width + c] = c >= columns ? T(0) : from[transposed ? c * rows + r : r * columns + c];
    }
  }
};

/// y[g][i] = start[g][i] + sum over r of x[g][r] matrix[r][i], for kVectors vectors of i and kWindows g.
template <int kVectors, int kWindows, class T>
HWY_INLINE void product_tile(const T* HWY_RESTRICT matrix, int64_t width, int64_t rows, const T* const* x,
                             const T* const* start, T* const* y, int64_t first) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t n = lanes<T>();
  V sum[kWindows][kVectors];
  for (int g = 0; g < kWindows; ++g) {
    for (int v = 0; v < kVectors; ++v) sum[g][v] = hn::Load(d, start[g] + first + v * n);
  }
  const T* HWY_RESTRICT row = matrix + first;
  for (int64_t r = 0; r < rows; ++r, row += width) {
    V w[kVectors];
    for (int v = 0; v < kVectors; ++v) w[v] = hn::Load(d, row + v * n);
    for (int g = 0; g < kWindows; ++g) {
      const V factor = hn::Set(d, x[g][r]);
      for (int v = 0; v < kVectors; ++v) sum[g][v] = hn::MulAdd(factor, w[v], sum[g][v]);
    }
  }
  for (int g = 0; g < kWindows; ++g) {
    for (int v = 0; v < kVectors; ++v) hn::Store(sum[g][v], d, y[g] + first + v * n);
  }
}

/// product_tile() over all of a row.
template <int kWindows, class T>
HWY_INLINE void product(const Matrix<T>& matrix, const T* const* x, const T* const* start, T* const* y) {
  // Sums are kept in registers: 12 of them at most beside the row's vectors and a factor.
  constexpr int kWidest = kWindows == 1 ? 8 : 3;
  const int64_t n = lanes<T>();
  int64_t i = 0;
  for (; i + kWidest * n <= matrix.width; i += kWidest * n)
    product_tile<kWidest, kWindows>(matrix.data.get(), matrix.width, matrix.rows, x, start, y, i);
  const auto rest = (matrix.width - i) / n;
  const auto tile = [&](auto vectors) {
    product_tile<vectors, kWindows>(matrix.data.get(), matrix.width, matrix.rows, x, start, y, i);
    i += vectors * n;
  };
  if constexpr (kWidest > 4) {
    if (rest & 4) tile(std::integral_constant<int, 4>());
  }
  if (rest & 2) tile(std::integral_constant<int, 2>());
  if (rest & 1) tile(std::integral_constant<int, 1>());
}

/// Keep, gate and bias of the units, with padding.
template <class T>
struct Units {
  int64_t width;
  Numbers<T> bias, keep, gate;
  Units(const LeakyMemoryShape& s, const LeakyMemoryWeights<T>& w)
      : width(padded<T>(s.units)), bias(of(s, w.delta_bias)), keep(of(s, w.keep)), gate(of(s, w.gate)) {}
  Numbers<T> of(const LeakyMemoryShape& s, const T* from) const {
    auto to = hwy::AllocateAligned<T>(static_cast<size_t>(width));
    std::fill_n(std::copy_n(from, s.units, to.get()), width - s.units, T(0));
    return to;
  }
};

template <class T>
Numbers<T> zeros(int64_t count) {
  auto to = hwy::AllocateAligned<T>(static_cast<size_t>(count));
  std::fill_n(to.get(), count, T(0));
  return to;
}

/// Calls f(std::integral_constant, first window) for each group of windows.
template <class F>
void for_each_group(int64_t windows, const Parallel& parallel, F&& f) {
  const int64_t each = std::clamp<int64_t>((windows + parallel.threads - 1) / parallel.threads, 1, kGroup);
  parallel.run((windows + each - 1) / each, [&](int64_t group) {
    const int64_t first = group * each;
    switch (std::min(each, windows - first)) {
      case 1:
        return f(std::integral_constant<int, 1>(), first);
      case 2:
        return f(std::integral_constant<int, 2>(), first);
      case 3:
        return f(std::integral_constant<int, 3>(), first);
      default:
        return f(std::integral_constant<int, 4>(), first);
    }
  });
}

template <HiddenActivation kActivation, class T>
void forward_with(const LeakyMemoryShape& s, const LeakyMemoryWeights<T>& weights,
                  const LeakyMemorySignals<T>& signals, const Parallel& parallel) {
  const hn::ScalableTag<T> d;
  const int64_t n = lanes<T>();
  const Matrix<T> memory_weight(weights.memory_weight, s.units, s.hidden, false);
  const Matrix<T> delta_weight(weights.delta_weight, s.hidden, s.units, false);
  const Units<T> units(s, weights);
  const int64_t hidden_width = memory_weight.width, width = units.width;
  for_each_group(s.windows, parallel, [&](auto windows, int64_t first) {
    constexpr int kWindows = windows;
    const auto scratch = hwy::AllocateAligned<T>(static_cast<size_t>(kWindows * hidden_width));
    const auto rest = zeros<T>(width);
    T *before[kWindows], *decayed[kWindows], *delta[kWindows], *memory[kWindows], *hidden[kWindows];
    const T *last[kWindows], *bias[kWindows];
    for (int g = 0; g < kWindows; ++g) {
      const int64_t start = (first + g) * s.duration;
      before[g] = signals.before + start * hidden_width;
      decayed[g] = signals.decayed + start * width;
      delta[g] = signals.delta + start * width;
      memory[g] = signals.memory + start * width;
      hidden[g] = scratch.get() + g * hidden_width;
      last[g] = signals.start != nullptr ? signals.start + (first + g) * width : rest.get();
      bias[g] = units.bias.get();
    }
    for (int64_t t = 0; t < s.duration; ++t) {
      for (int g = 0; g < kWindows; ++g) {
        for (int64_t i = 0; i < width; i += n)
          hn::Store(hn::Mul(hn::Load(d, units.keep.get() + i), hn::Load(d, last[g] + i)), d, decayed[g] + i);
      }
      product<kWindows>(memory_weight, decayed, before, before);
      for (int g = 0; g < kWindows; ++g) {
        for (int64_t i = 0; i < hidden_width; i += n)
          hn::Store(activated<kActivation>(d, hn::Load(d, before[g] + i)), d, hidden[g] + i);
      }
      product<kWindows>(delta_weight, hidden, bias, delta);
      for (int g = 0; g < kWindows; ++g) {
        for (int64_t i = 0; i < width; i += n) {
          const auto write = written(d, hn::Load(d, delta[g] + i));
          hn::Store(write, d, delta[g] + i);
          hn::Store(hn::MulAdd(hn::Load(d, units.gate.get() + i), write, hn::Load(d, decayed[g] + i)), d,
                    memory[g] + i);
        }
        last[g] = memory[g];
        before[g] += hidden_width;
        decayed[g] += width;
        delta[g] += width;
        memory[g] += width;
      }
    }
  });
}

template <HiddenActivation kActivation, class T>
void backward_with(const LeakyMemoryShape& s, const LeakyMemoryWeights<T>& weights,
                   const LeakyMemorySignals<T>& signals, const LeakyMemoryGradients<T>& gradients,
                   const Parallel& parallel) {
  const hn::ScalableTag<T> d;
  const int64_t n = lanes<T>();
  const Matrix<T> from_hidden(weights.memory_weight, s.hidden, s.units, true);
  const Matrix<T> from_write(weights.delta_weight, s.units, s.hidden, true);
  const Units<T> units(s, weights);
  const int64_t hidden_width = from_write.width, width = units.width;
  const auto one = hn::Set(d, T(1));
  for_each_group(s.windows, parallel, [&](auto windows, int64_t first) {
    constexpr int kWindows = windows;
    // Of each window: the gradient of the memory one ms later, and the sums over time.
    const auto carried = zeros<T>(kWindows * width);
    const auto sums = zeros<T>(kWindows * 3 * width);
    const auto nothing = zeros<T>(hidden_width);
    const T *before[kWindows], *delta[kWindows], *memory[kWindows], *silence[kWindows];
    T *write[kWindows], *drive[kWindows], *hidden[kWindows], *now[kWindows];
    for (int g = 0; g < kWindows; ++g) {
      const int64_t last = (first + g) * s.duration + s.duration - 1;
      before[g] = signals.before + last * hidden_width;
      delta[g] = signals.delta + last * width;
      memory[g] = signals.memory + last * width;
      write[g] = gradients.memory_to_write + last * width;
      drive[g] = gradients.before + last * hidden_width;
      hidden[g] = gradients.hidden + last * hidden_width;
      now[g] = carried.get() + g * width;
      silence[g] = nothing.get();
    }
    for (int64_t t = s.duration - 1; t >= 0; --t) {
      for (int g = 0; g < kWindows; ++g) {
        T* bias_sum = sums.get() + g * 3 * width;
        T* gate_sum = bias_sum + 2 * width;
        for (int64_t i = 0; i < width; i += n) {
          const auto of_memory = hn::Add(hn::Load(d, write[g] + i), hn::Load(d, now[g] + i));
          const auto change = hn::Load(d, delta[g] + i);
          // d delta / d u = 2/3 (1.7159 - delta^2 / 1.7159)
          const auto slope = hn::MulAdd(hn::Mul(change, hn::Set(d, T(-kWriteSlope / kWriteRange))), change,
                                        hn::Set(d, T(kWriteSlope * kWriteRange)));
          const auto of_write = hn::Mul(hn::Mul(of_memory, hn::Load(d, units.gate.get() + i)), slope);
          hn::Store(of_memory, d, now[g] + i);
          hn::Store(of_write, d, write[g] + i);
          hn::Store(hn::Add(hn::Load(d, bias_sum + i), of_write), d, bias_sum + i);
          hn::Store(hn::MulAdd(of_memory, change, hn::Load(d, gate_sum + i)), d, gate_sum + i);
        }
      }
      product<kWindows>(from_write, write, silence, drive);
      for (int g = 0; g < kWindows; ++g) {
        for (int64_t i = 0; i < hidden_width; i += n) {
          const auto x = hn::Load(d, before[g] + i), of_hidden = hn::Load(d, drive[g] + i);
          if constexpr (kActivation == HiddenActivation::relu) {
            hn::Store(hn::Max(x, hn::Zero(d)), d, hidden[g] + i);
            hn::Store(hn::IfThenElseZero(hn::Gt(x, hn::Zero(d)), of_hidden), d, drive[g] + i);
          } else {
            const auto share = logistic(d, x), y = hn::Mul(x, share);
            // (x p)' = p + x p (1 - p)
            const auto slope = hn::MulAdd(y, hn::Sub(one, share), share);
            hn::Store(y, d, hidden[g] + i);
            hn::Store(hn::Mul(of_hidden, slope), d, drive[g] + i);
          }
        }
      }
      product<kWindows>(from_hidden, drive, now, now);
      for (int g = 0; g < kWindows; ++g) {
        T* keep_sum = sums.get() + (g * 3 + 1) * width;
        for (int64_t i = 0; i < width; i += n) {
          const auto of_decayed = hn::Load(d, now[g] + i);
          if (t > 0) {
            hn::Store(hn::MulAdd(of_decayed, hn::Load(d, memory[g] - width + i), hn::Load(d, keep_sum + i)),
                      d, keep_sum + i);
          }
          hn::Store(hn::Mul(of_decayed, hn::Load(d, units.keep.get() + i)), d, now[g] + i);
        }
        before[g] -= hidden_width;
        delta[g] -= width;
        memory[g] -= width;
        write[g] -= width;
        drive[g] -= hidden_width;
        hidden[g] -= hidden_width;
      }
    }
    for (int g = 0; g < kWindows; ++g) {
      for (int64_t k = 0; k < 3; ++k)
        std::copy_n(sums.get() + (g * 3 + k) * width, s.units,
                    gradients.of_units + ((first + g) * 3 + k) * s.units);
    }
  });
}

template <class T>
void forward(const LeakyMemoryShape& s, HiddenActivation activation, const LeakyMemoryWeights<T>& weights,
             const LeakyMemorySignals<T>& signals, const Parallel& parallel) {
  activation == HiddenActivation::relu ? forward_with<HiddenActivation::relu>(s, weights, signals, parallel)
                                       : forward_with<HiddenActivation::silu>(s, weights, signals, parallel);
}

template <class T>
void backward(const LeakyMemoryShape& s, HiddenActivation activation, const LeakyMemoryWeights<T>& weights,
              const LeakyMemorySignals<T>& signals, const LeakyMemoryGradients<T>& gradients,
              const Parallel& parallel) {
  activation == HiddenActivation::relu
      ? backward_with<HiddenActivation::relu>(s, weights, signals, gradients, parallel)
      : backward_with<HiddenActivation::silu>(s, weights, signals, gradients, parallel);
}

Kernels<float> in_float() {
  return {.padded = &padded<float>, .forward = &forward, .backward = &backward};
}
Kernels<double> in_double() {
  return {.padded = &padded<double>, .forward = &forward, .backward = &backward};
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
int64_t padded_row(int64_t count) {
  return best<T>().padded(count);
}
template <class T>
void leaky_memory_forward(const LeakyMemoryShape& shape, HiddenActivation activation,
                          const LeakyMemoryWeights<T>& weights, const LeakyMemorySignals<T>& signals,
                          const Parallel& parallel) {
  best<T>().forward(shape, activation, weights, signals, parallel);
}
template <class T>
void leaky_memory_backward(const LeakyMemoryShape& shape, HiddenActivation activation,
                           const LeakyMemoryWeights<T>& weights, const LeakyMemorySignals<T>& signals,
                           const LeakyMemoryGradients<T>& gradients, const Parallel& parallel) {
  best<T>().backward(shape, activation, weights, signals, gradients, parallel);
}

template int64_t padded_row<float>(int64_t);
template int64_t padded_row<double>(int64_t);
template void leaky_memory_forward(const LeakyMemoryShape&, HiddenActivation,
                                   const LeakyMemoryWeights<float>&, const LeakyMemorySignals<float>&,
                                   const Parallel&);
template void leaky_memory_forward(const LeakyMemoryShape&, HiddenActivation,
                                   const LeakyMemoryWeights<double>&, const LeakyMemorySignals<double>&,
                                   const Parallel&);
template void leaky_memory_backward(const LeakyMemoryShape&, HiddenActivation,
                                    const LeakyMemoryWeights<float>&, const LeakyMemorySignals<float>&,
                                    const LeakyMemoryGradients<float>&, const Parallel&);
template void leaky_memory_backward(const LeakyMemoryShape&, HiddenActivation,
                                    const LeakyMemoryWeights<double>&, const LeakyMemorySignals<double>&,
                                    const LeakyMemoryGradients<double>&, const Parallel&);
}  // namespace nt::twin
#endif
