#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <array>
#include <vector>

#include "twin/detail/causal_convolution.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "twin/causal_convolution_fast.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef NEURONTWIN_CAUSAL_CONVOLUTION_ONCE
#define NEURONTWIN_CAUSAL_CONVOLUTION_ONCE
namespace nt::twin {
namespace {

/// One product of the fast algorithm: which phases of time, of taps and of outputs go into it, with which
/// sign. Phase s of a signal x is the sequence x[phases u + s].
struct Product {
  struct Term {
    int64_t phase;
    int sign;
  };
  std::vector<Term> input;   // phases 0 .. 2 phases - 2
  std::vector<Term> weight;  // phases 0 .. phases - 1
  std::vector<Term> output;  // phases 0 .. phases - 1
};

struct Algorithm {
  int64_t phases = 1;
  std::vector<Product> products{{{{0, 1}}, {{0, 1}}, {{0, 1}}}};
};

Algorithm halve(int times) {
  const std::array<Product, 3> three{Product{{{0, 1}, {1, -1}}, {{0, 1}}, {{0, 1}}},
                                     Product{{{1, 1}}, {{0, 1}, {1, 1}}, {{0, 1}, {1, 1}}},
                                     Product{{{2, 1}, {1, -1}}, {{1, 1}}, {{1, 1}}}};
  Algorithm now;
  for (; times > 0; --times) {
    // Phase s of `now`'s phase-p signal is phase now.phases * s + p of the original.
    const auto nested = [&](const std::vector<Product::Term>& outer,
                            const std::vector<Product::Term>& inner) {
      std::vector<Product::Term> terms;
      for (const auto& a : outer) {
        for (const auto& b : inner) {
          const Product::Term term{a.phase + now.phases * b.phase, a.sign * b.sign};
          const auto same =
              std::find_if(terms.begin(), terms.end(), [&](const auto& t) { return t.phase == term.phase; });
          if (same == terms.end()) {
            terms.push_back(term);
          } else {
            same->sign += term.sign;
          }
        }
      }
      return terms;
    };
    Algorithm next{2 * now.phases, {}};
    for (const auto& outer : now.products) {
      for (const auto& inner : three) {
        next.products.push_back({nested(outer.input, inner.input), nested(outer.weight, inner.weight),
                                 nested(outer.output, inner.output)});
      }
    }
    now = next;
  }
  return now;
}

/// A convolution's size within one product: its share of taps and of times.
struct PhaseShape {
  int64_t taps, duration, input_duration;
  PhaseShape(const CausalConvolutionShape& s, int64_t phases)
      : taps((s.taps + phases - 1) / phases),
        duration((s.duration + phases - 1) / phases),
        input_duration(duration + taps - 1) {}
};

template <class T>
struct Kernels {
  decltype(&causal_convolution_forward<T>) forward;
  decltype(&causal_convolution_input_gradient<T>) input_gradient;
  decltype(&causal_convolution_weight_gradient<T>) weight_gradient;
};

}  // namespace
}  // namespace nt::twin
#endif

HWY_BEFORE_NAMESPACE();
namespace nt::twin {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// A tile of the product is kept in registers: kTileRows x 2 vectors of sums, 2 vectors of the right matrix
// and one broadcast number of the left one.
#if HWY_TARGET <= HWY_AVX3
constexpr int kTileRows = 12;  // 32 registers
#else
constexpr int kTileRows = 6;  // 16 registers
#endif

template <class T>
constexpr int64_t panel_columns() {
  return static_cast<int64_t>(2 * hn::MaxLanes(hn::ScalableTag<T>()));
}

/// c[r][0 .. columns) (+)= sum over k of a[r row_step + k step] b[k][0 .. columns), columns being two
/// vectors.
template <int kRows, class T>
HWY_INLINE void tile(const T* HWY_RESTRICT a, int64_t row_step, int64_t step, const T* HWY_RESTRICT b,
                     int64_t count, T* HWY_RESTRICT c, int64_t c_step, bool add) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  V sum[kRows][2];
  for (int r = 0; r < kRows; ++r) {
    sum[r][0] = add ? hn::LoadU(d, c + r * c_step) : hn::Zero(d);
    sum[r][1] = add ? hn::LoadU(d, c + r * c_step + lanes) : hn::Zero(d);
  }
  for (int64_t k = 0; k < count; ++k) {
    const V b0 = hn::Load(d, b), b1 = hn::Load(d, b + lanes);
    for (int r = 0; r < kRows; ++r) {
      const V x = hn::Set(d, a[r * row_step]);
      sum[r][0] = hn::MulAdd(x, b0, sum[r][0]);
      sum[r][1] = hn::MulAdd(x, b1, sum[r][1]);
    }
    a += step;
    b += 2 * lanes;
  }
  for (int r = 0; r < kRows; ++r) {
    hn::StoreU(sum[r][0], d, c + r * c_step);
    hn::StoreU(sum[r][1], d, c + r * c_step + lanes);
  }
}

/// tile() for 1 .. kTileRows rows. kStep is `step` where it is known when compiling, or 0.
template <int kRows, int kStep, class T>
void tile_of(int rows, const T* a, int64_t row_step, int64_t step, const T* b, int64_t count, T* c,
             int64_t c_step, bool add) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return tile_of<kRows - 1, kStep>(rows, a, row_step, step, b, count, c, c_step, add);
  }
  if constexpr (kStep == 1) {
    tile<kRows>(a, row_step, 1, b, count, c, c_step, add);
  } else {
    tile<kRows>(a, 1, step, b, count, c, c_step, add);
  }
}

/// to[i] (+)= sign * from[i]
template <class T>
HWY_INLINE void take(const T* HWY_RESTRICT from, T sign, T* HWY_RESTRICT to, int64_t count, bool add) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto factor = hn::Set(d, sign);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto x = hn::LoadU(d, from + i);
    hn::StoreU(add ? hn::MulAdd(x, factor, hn::LoadU(d, to + i)) : hn::Mul(x, factor), d, to + i);
  }
  for (; i < count; ++i) to[i] = sign * from[i] + (add ? to[i] : T(0));
}

/// to[u][0 .. count) = sum over terms of sign * from[phases u + phase][0 .. count), rows past `from_rows`
/// being zero.
template <class T>
void gather_phases(const std::vector<Product::Term>& terms, int64_t phases, const T* from, int64_t from_step,
                   int64_t from_rows, T* to, int64_t to_step, int64_t rows, int64_t count) {
  for (int64_t u = 0; u < rows; ++u) {
    bool add = false;
    for (const auto& term : terms) {
      const int64_t row = phases * u + term.phase;
      if (row >= from_rows || term.sign == 0) continue;
      take(from + row * from_step, static_cast<T>(term.sign), to + u * to_step, count, add);
      add = true;
    }
    if (!add) std::fill_n(to + u * to_step, count, T(0));
  }
}

/// The right matrix [rows][columns] of each product in panels of two vectors' columns, each contiguous:
/// [product][panel][row][lane], zero past the last column.
template <class T>
struct Panels {
  int64_t rows, panels;
  hwy::AlignedFreeUniquePtr<T[]> data;
  Panels(int64_t products, int64_t rows_, int64_t columns)
      : rows(rows_),
        panels((columns + panel_columns<T>() - 1) / panel_columns<T>()),
        data(hwy::AllocateAligned<T>(static_cast<size_t>(products * panels * rows * panel_columns<T>()))) {}
  T* at(int64_t product, int64_t panel) const {
    return data.get() + (product * panels + panel) * rows * panel_columns<T>();
  }
};

/// Output [w][duration][columns] of a convolution whose weights lie in panels already.
template <class T>
void convolve(const Algorithm& algorithm, const CausalConvolutionShape& s, const T* input,
              const Panels<T>& weight, T* output, const Parallel& parallel) {
  constexpr int64_t kColumns = panel_columns<T>();
  constexpr int64_t kBlock = 256;  // rows of a panel at a time: 16 kB in AVX2, half of the first-level cache
  const PhaseShape phase(s, algorithm.phases);
  const int64_t depth = phase.taps * s.inputs;
  // A task is a window and a share of the panels: more shares than one only where windows are few.
  const int64_t shares = std::clamp<int64_t>(
      (2 * parallel.threads + s.windows - 1) / std::max<int64_t>(s.windows, 1), 1, weight.panels);
  parallel.run(s.windows * shares, [&](int64_t task) {
    const int64_t w = task / shares, share = task % shares;
    const int64_t p_begin = weight.panels * share / shares, p_end = weight.panels * (share + 1) / shares;
    const int64_t first = p_begin * kColumns, columns = (p_end - p_begin) * kColumns;
    const T* x = input + w * s.input_duration() * s.inputs;
    T* y = output + w * s.duration * s.outputs + first;
    const int64_t count = std::min(columns, s.outputs - first);
    const bool direct = algorithm.phases == 1;
    const auto mixed =
        hwy::AllocateAligned<T>(direct ? 1 : static_cast<size_t>(phase.input_duration * s.inputs));
    const auto product = hwy::AllocateAligned<T>(static_cast<size_t>(phase.duration * columns));
    std::vector<bool> begun(algorithm.phases);
    for (size_t m = 0; m < algorithm.products.size(); ++m) {
      const auto& terms = algorithm.products[m];
      const T* a = x;
      if (!direct) {
        gather_phases(terms.input, algorithm.phases, x, s.inputs, s.input_duration(), mixed.get(), s.inputs,
                      phase.input_duration, s.inputs);
        a = mixed.get();
      }
      for (int64_t p = p_begin; p < p_end; ++p) {
        for (int64_t k = 0; k < depth; k += kBlock) {
          const T* b = weight.at(static_cast<int64_t>(m), p) + k * kColumns;
          for (int64_t t = 0; t < phase.duration; t += kTileRows) {
            const auto rows = static_cast<int>(std::min<int64_t>(kTileRows, phase.duration - t));
            tile_of<kTileRows, 1>(rows, a + t * s.inputs + k, s.inputs, 1, b, std::min(kBlock, depth - k),
                                  product.get() + t * columns + (p - p_begin) * kColumns, columns, k > 0);
          }
        }
      }
      for (const auto& term : terms.output) {
        for (int64_t u = 0; u < phase.duration; ++u) {
          const int64_t t = algorithm.phases * u + term.phase;
          if (t >= s.duration) break;
          take(product.get() + u * columns, static_cast<T>(term.sign), y + t * s.outputs, count,
               begun[term.phase]);
        }
        begun[term.phase] = true;
      }
    }
  });
}

/// The weights that meet in each product, as its right matrix. `matrix(tap, input)` points to the numbers of
/// one row, `stride` apart.
template <class T, class Matrix>
Panels<T> pack(const Algorithm& algorithm, const CausalConvolutionShape& s, Matrix&& matrix, int64_t stride,
               const Parallel& parallel) {
  constexpr int64_t kColumns = panel_columns<T>();
  const PhaseShape phase(s, algorithm.phases);
  const auto products = static_cast<int64_t>(algorithm.products.size());
  Panels<T> panels(products, phase.taps * s.inputs, s.outputs);
  parallel.run(products * panels.panels, [&](int64_t task) {
    const int64_t m = task / panels.panels, p = task % panels.panels;
    const int64_t first = p * kColumns, count = std::min(kColumns, s.outputs - first);
    T* to = panels.at(m, p);
    std::fill_n(to, panels.rows * kColumns, T(0));
    for (const auto& term : algorithm.products[m].weight) {
      const auto sign = static_cast<T>(term.sign);
      for (int64_t v = 0; v < phase.taps; ++v) {
        const int64_t tap = algorithm.phases * v + term.phase;
        if (tap >= s.taps) break;
        for (int64_t i = 0; i < s.inputs; ++i) {
          const T* from = matrix(tap, i) + first * stride;
          T* row = to + (v * s.inputs + i) * kColumns;
          for (int64_t o = 0; o < count; ++o) row[o] += sign * from[o * stride];
        }
      }
    }
  });
  return panels;
}

template <class T>
void forward(const CausalConvolutionShape& s, const T* input, const T* weight, T* output, int halvings,
             const Parallel& parallel) {
  const auto algorithm = halve(halvings);
  const auto row = [&](int64_t tap, int64_t i) { return weight + (tap * s.inputs + i) * s.outputs; };
  convolve(algorithm, s, input, pack<T>(algorithm, s, row, 1, parallel), output, parallel);
}

/// The input's gradient is the convolution of the output's, silence before and after it, with the filter
/// turned in time and transposed.
template <class T>
void input_gradient(const CausalConvolutionShape& s, const T* output_gradient, const T* weight, T* gradient,
                    int halvings, const Parallel& parallel) {
  const auto algorithm = halve(halvings);
  const CausalConvolutionShape turned{s.windows, s.input_duration(), s.taps, s.outputs, s.inputs};
  const int64_t size = turned.input_duration() * s.outputs, pad = (s.taps - 1) * s.outputs;
  const auto padded = hwy::AllocateAligned<T>(static_cast<size_t>(s.windows * size));
  parallel.run(s.windows, [&](int64_t w) {
    T* to = padded.get() + w * size;
    std::fill_n(to, pad, T(0));
    std::copy_n(output_gradient + w * s.duration * s.outputs, s.duration * s.outputs, to + pad);
    std::fill_n(to + size - pad, pad, T(0));
  });
  const auto row = [&](int64_t tap, int64_t o) {
    return weight + (s.taps - 1 - tap) * s.inputs * s.outputs + o;
  };
  convolve(algorithm, turned, padded.get(), pack<T>(algorithm, turned, row, s.outputs, parallel), gradient,
           parallel);
}

/// gradient[j][i][o] = sum over w, t of input[w][t + j][i] output_gradient[w][t][o]: tiles of a few inputs
/// and a panel of outputs, for each tap. Both are laid out in panels over time first; the taps of a tile read
/// the same stretch of the input, each one row further on.
template <class T>
void weight_gradient(const CausalConvolutionShape& s, const T* input, const T* output_gradient, T* gradient,
                     int halvings, const Parallel& parallel) {
  constexpr int64_t kColumns = panel_columns<T>();
  constexpr int64_t kBlock = 128;  // times at once: 8 kB of outputs and 3 of inputs in AVX2
  const auto algorithm = halve(halvings);
  const PhaseShape phase(s, algorithm.phases);
  const auto products = static_cast<int64_t>(algorithm.products.size());
  const int64_t blocks = (s.inputs + kTileRows - 1) / kTileRows;
  const int64_t panels = (s.outputs + kColumns - 1) / kColumns;
  // left [product][block][window][time][kTileRows], right [product][panel][window][time][kColumns]
  const int64_t left_size = s.windows * phase.input_duration * kTileRows;
  const int64_t right_size = s.windows * phase.duration * kColumns;
  const auto left = hwy::AllocateAligned<T>(static_cast<size_t>(products * blocks * left_size));
  const auto right = hwy::AllocateAligned<T>(static_cast<size_t>(products * panels * right_size));
  parallel.run(products * s.windows, [&](int64_t task) {
    const int64_t m = task / s.windows, w = task % s.windows;
    const auto& terms = algorithm.products[m];
    // One row of mixed phases at a time, then spread over the panels.
    const auto mixed = hwy::AllocateAligned<T>(static_cast<size_t>(std::max(s.inputs, s.outputs)));
    const auto spread = [&](const std::vector<Product::Term>& of, const T* from, int64_t from_rows,
                            int64_t count, int64_t rows, int64_t width, T* to, int64_t to_size) {
      for (int64_t u = 0; u < rows; ++u) {
        bool some = false;
        for (const auto& term : of) {
          const int64_t row = algorithm.phases * u + term.phase;
          if (row >= from_rows || term.sign == 0) continue;
          take(from + row * count, static_cast<T>(term.sign), mixed.get(), count, some);
          some = true;
        }
        if (!some) std::fill_n(mixed.get(), count, T(0));
        for (int64_t first = 0, panel = 0; first < count; first += width, ++panel) {
          T* row = to + panel * to_size + u * width;
          const int64_t n = std::min(width, count - first);
          std::copy_n(mixed.get() + first, n, row);
          std::fill_n(row + n, width - n, T(0));
        }
      }
    };
    spread(terms.input, input + w * s.input_duration() * s.inputs, s.input_duration(), s.inputs,
           phase.input_duration, kTileRows,
           left.get() + m * blocks * left_size + w * phase.input_duration * kTileRows, left_size);
    spread(terms.output, output_gradient + w * s.duration * s.outputs, s.duration, s.outputs, phase.duration,
           kColumns, right.get() + m * panels * right_size + w * phase.duration * kColumns, right_size);
  });
  parallel.run(blocks * panels, [&](int64_t task) {
    const int64_t panel = task / blocks, block = task % blocks;
    const auto rows = static_cast<int>(std::min<int64_t>(kTileRows, s.inputs - block * kTileRows));
    const int64_t columns = std::min(kColumns, s.outputs - panel * kColumns);
    constexpr int64_t kTile = kTileRows * kColumns;
    const auto of_product = hwy::AllocateAligned<T>(static_cast<size_t>(phase.taps * kTile));
    const auto of_tap = hwy::AllocateAligned<T>(static_cast<size_t>(algorithm.phases * phase.taps * kTile));
    std::fill_n(of_tap.get(), algorithm.phases * phase.taps * kTile, T(0));
    for (int64_t m = 0; m < products; ++m) {
      const T* a = left.get() + (m * blocks + block) * left_size;
      const T* b = right.get() + (m * panels + panel) * right_size;
      bool add = false;
      for (int64_t w = 0; w < s.windows; ++w) {
        for (int64_t t = 0; t < phase.duration; t += kBlock, add = true) {
          for (int64_t v = 0; v < phase.taps; ++v) {
            tile_of<kTileRows, 0>(rows, a + (w * phase.input_duration + t + v) * kTileRows, 1, kTileRows,
                                  b + (w * phase.duration + t) * kColumns,
                                  std::min(kBlock, phase.duration - t), of_product.get() + v * kTile,
                                  kColumns, add);
          }
        }
      }
      for (const auto& term : algorithm.products[m].weight) {
        for (int64_t v = 0; v < phase.taps; ++v) {
          take(of_product.get() + v * kTile, static_cast<T>(term.sign),
               of_tap.get() + (v * algorithm.phases + term.phase) * kTile, rows * kColumns, true);
        }
      }
    }
    for (int64_t tap = 0; tap < s.taps; ++tap) {
      for (int r = 0; r < rows; ++r) {
        std::copy_n(of_tap.get() + tap * kTile + r * kColumns, columns,
                    gradient + (tap * s.inputs + block * kTileRows + r) * s.outputs + panel * kColumns);
      }
    }
  });
}

Kernels<float> in_float() {
  return {.forward = &forward, .input_gradient = &input_gradient, .weight_gradient = &weight_gradient};
}
Kernels<double> in_double() {
  return {.forward = &forward, .input_gradient = &input_gradient, .weight_gradient = &weight_gradient};
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
void causal_convolution_forward(const CausalConvolutionShape& shape, const T* input, const T* weight,
                                T* output, int halvings, const Parallel& parallel) {
  best<T>().forward(shape, input, weight, output, halvings, parallel);
}
template <class T>
void causal_convolution_input_gradient(const CausalConvolutionShape& shape, const T* output_gradient,
                                       const T* weight, T* gradient, int halvings, const Parallel& parallel) {
  best<T>().input_gradient(shape, output_gradient, weight, gradient, halvings, parallel);
}
template <class T>
void causal_convolution_weight_gradient(const CausalConvolutionShape& shape, const T* input,
                                        const T* output_gradient, T* gradient, int halvings,
                                        const Parallel& parallel) {
  best<T>().weight_gradient(shape, input, output_gradient, gradient, halvings, parallel);
}

template void causal_convolution_forward(const CausalConvolutionShape&, const float*, const float*, float*,
                                         int, const Parallel&);
template void causal_convolution_forward(const CausalConvolutionShape&, const double*, const double*, double*,
                                         int, const Parallel&);
template void causal_convolution_input_gradient(const CausalConvolutionShape&, const float*, const float*,
                                                float*, int, const Parallel&);
template void causal_convolution_input_gradient(const CausalConvolutionShape&, const double*, const double*,
                                                double*, int, const Parallel&);
template void causal_convolution_weight_gradient(const CausalConvolutionShape&, const float*, const float*,
                                                 float*, int, const Parallel&);
template void causal_convolution_weight_gradient(const CausalConvolutionShape&, const double*, const double*,
                                                 double*, int, const Parallel&);
}  // namespace nt::twin
#endif
