#include <algorithm>
#include <functional>

#include "twin/detail/convolution_stream.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "twin/convolution_stream_fast.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef NEURONTWIN_CONVOLUTION_STREAM_ONCE
#define NEURONTWIN_CONVOLUTION_STREAM_ONCE
namespace nt::twin {
namespace {

constexpr int kPanelVectors = 4;  // of outputs, side by side

template <class T>
struct Kernels {
  decltype(&packed_weights<T>) packed;
  decltype(&pack_weights<T>) pack;
  decltype(&convolution_stream<T>) convolve;
};

}  // namespace
}  // namespace nt::twin
#endif

HWY_BEFORE_NAMESPACE();
namespace nt::twin {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// A tile of sums is kept in registers: kTileRows x 4 vectors, 4 vectors of weights and a number of the input.
#if HWY_TARGET <= HWY_AVX3
constexpr int kTileRows = 6;  // 32 registers
#else
constexpr int kTileRows = 2;  // 16 registers
#endif

template <class T>
int64_t lanes() {
  return static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
}

/// Outputs in whole vectors, four to a panel, the last panel perhaps of fewer: [panel][tap][input][vector].
struct Panels {
  int64_t vectors, lanes, rows;
  int64_t count() const { return (vectors + kPanelVectors - 1) / kPanelVectors; }
  int64_t width(int64_t panel) const {
    return std::min<int64_t>(kPanelVectors, vectors - panel * kPanelVectors);
  }
  int64_t begin(int64_t panel) const { return panel * kPanelVectors * lanes * rows; }
};
template <class T>
Panels panels_of(const ConvolutionStreamShape& s) {
  return {(s.outputs + lanes<T>() - 1) / lanes<T>(), lanes<T>(), s.taps * s.inputs};
}

template <class T>
int64_t packed(const ConvolutionStreamShape& s) {
  const auto p = panels_of<T>(s);
  return p.vectors * p.lanes * p.rows;
}

template <class T>
void pack(const ConvolutionStreamShape& s, const T* weight, T* to) {
  const auto p = panels_of<T>(s);
  for (int64_t panel = 0; panel < p.count(); ++panel) {
    const int64_t first = panel * kPanelVectors * p.lanes, width = p.width(panel) * p.lanes;
    const int64_t count = std::min(width, s.outputs - first);
    for (int64_t row = 0; row < p.rows; ++row, to += width)
      std::fill_n(std::copy_n(weight + row * s.outputs + first, count, to), width - count, T(0));
  }
}

/// c[r][0 .. kVectors vectors) (+)= sum over k of a[r][k] b[k][0 .. kVectors vectors)
template <int kRows, int kVectors, class T>
HWY_INLINE void tile(const T* const* a, int64_t offset, const T* HWY_RESTRICT b, int64_t count,
                     T* HWY_RESTRICT c, bool add) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t n = lanes<T>();
  V sum[kRows][kVectors];
  const T* x[kRows];
  for (int r = 0; r < kRows; ++r) {
    x[r] = a[r] + offset;
    for (int v = 0; v < kVectors; ++v)
      sum[r][v] = add ? hn::Load(d, c + (r * kVectors + v) * n) : hn::Zero(d);
  }
  for (int64_t k = 0; k < count; ++k) {
    V w[kVectors];
    for (int v = 0; v < kVectors; ++v) w[v] = hn::Load(d, b + v * n);
    for (int r = 0; r < kRows; ++r) {
      const V factor = hn::Set(d, x[r][k]);
      for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(factor, w[v], sum[r][v]);
    }
    b += kVectors * n;
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) hn::Store(sum[r][v], d, c + (r * kVectors + v) * n);
  }
}

/// tile() for 1 .. kRows rows.
template <int kRows, int kVectors, class T>
void tile_of(int64_t rows, const T* const* a, int64_t offset, const T* b, int64_t count, T* c, bool add) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return tile_of<kRows - 1, kVectors>(rows, a, offset, b, count, c, add);
  }
  tile<kRows, kVectors>(a, offset, b, count, c, add);
}

template <class T>
void convolve(const ConvolutionStreamShape& s, const T* input, const T* packed_weight, T* output,
              const Parallel& parallel) {
  constexpr int64_t kRows = 8 * kTileRows;  // in a task: 12 kB of sums in AVX-512
  constexpr int64_t kBlock = 64;            // of inputs at a time: 16 kB of weights
  const auto panels = panels_of<T>(s);
  const int64_t all = s.streams * s.duration;
  // Without dilation the taps of a row are one stretch of the input.
  const int64_t stretches = s.dilation == 1 ? 1 : s.taps;
  const int64_t stretch = s.dilation == 1 ? s.taps * s.inputs : s.inputs, step = s.dilation * s.inputs;
  const auto task = [&](int64_t index) {
    const int64_t begin = index * kRows, rows = std::min(kRows, all - begin);
    HWY_ALIGN T sums[kRows * kPanelVectors * hn::MaxLanes(hn::ScalableTag<T>())];
    const T* x[kRows];
    for (int64_t r = 0; r < rows; ++r)
      x[r] = input + (begin + r) / s.duration * s.stride + (begin + r) % s.duration * s.inputs;
    for (int64_t p = 0; p < panels.count(); ++p) {
      const auto work = [&](auto vectors) {
        constexpr int kVectors = vectors;
        const int64_t width = kVectors * panels.lanes;
        const T* b = packed_weight + panels.begin(p);
        for (int64_t j = 0; j < stretches; ++j) {
          for (int64_t k = 0; k < stretch; k += kBlock) {
            const int64_t count = std::min(kBlock, stretch - k);
            for (int64_t r = 0; r < rows; r += kTileRows)
              tile_of<kTileRows, kVectors>(rows - r, x + r, j * step + k, b, count, sums + r * width,
                                           j + k > 0);
            b += count * width;
          }
        }
        const int64_t first = p * kPanelVectors * panels.lanes, count = std::min(width, s.outputs - first);
        for (int64_t r = 0; r < rows; ++r)
          std::copy_n(sums + r * width, count, output + (begin + r) * s.outputs + first);
      };
      switch (panels.width(p)) {
        case 1:
          work(std::integral_constant<int, 1>());
          break;
        case 2:
          work(std::integral_constant<int, 2>());
          break;
        case 3:
          work(std::integral_constant<int, 3>());
          break;
        default:
          work(std::integral_constant<int, 4>());
      }
    }
  };
  parallel.run((all + kRows - 1) / kRows, std::ref(task));
}

Kernels<float> in_float() {
  return {.packed = &packed<float>, .pack = &pack, .convolve = &convolve};
}
Kernels<double> in_double() {
  return {.packed = &packed<double>, .pack = &pack, .convolve = &convolve};
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
int64_t packed_weights(const ConvolutionStreamShape& shape) {
  return best<T>().packed(shape);
}
template <class T>
void pack_weights(const ConvolutionStreamShape& shape, const T* weight, T* packed) {
  best<T>().pack(shape, weight, packed);
}
template <class T>
void convolution_stream(const ConvolutionStreamShape& shape, const T* input, const T* packed, T* output,
                        const Parallel& parallel) {
  best<T>().convolve(shape, input, packed, output, parallel);
}

template int64_t packed_weights<float>(const ConvolutionStreamShape&);
template int64_t packed_weights<double>(const ConvolutionStreamShape&);
template void pack_weights(const ConvolutionStreamShape&, const float*, float*);
template void pack_weights(const ConvolutionStreamShape&, const double*, double*);
template void convolution_stream(const ConvolutionStreamShape&, const float*, const float*, float*,
                                 const Parallel&);
template void convolution_stream(const ConvolutionStreamShape&, const double*, const double*, double*,
                                 const Parallel&);
}  // namespace nt::twin
#endif
