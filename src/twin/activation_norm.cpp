#include "twin/activation_norm.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "twin/activation_norm.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef NEURONTWIN_ACTIVATION_NORM_ONCE
#define NEURONTWIN_ACTIVATION_NORM_ONCE
namespace nt::twin {
namespace {

constexpr int64_t kBlockRows = 32;  // 16 kB of 128 features in float: half of the first-level cache

int64_t blocks_of(const SignalShape& s) {
  return (s.rows + kBlockRows - 1) / kBlockRows;
}

/// Runs task(first row, end, block) for every block, several blocks to a task.
template <class F>
void for_each_block(const SignalShape& s, const Parallel& parallel, F&& task) {
  constexpr int64_t kTogether = 4;
  const int64_t blocks = blocks_of(s);
  const auto some = [&](int64_t i) {
    for (int64_t b = i * kTogether; b < std::min(blocks, (i + 1) * kTogether); ++b) {
      task(b * kBlockRows, std::min(s.rows, (b + 1) * kBlockRows), b);
    }
  };
  parallel.run((blocks + kTogether - 1) / kTogether, std::ref(some));  // by reference: nothing is allocated
}

/// The blocks' sums [block][features] added up, in order.
template <class T>
void add_up(const std::vector<T>& of_blocks, const SignalShape& s, double* sum) {
  std::fill_n(sum, s.features, 0.0);
  for (size_t i = 0; i < of_blocks.size(); ++i) {
    sum[i % static_cast<size_t>(s.features)] += static_cast<double>(of_blocks[i]);
  }
}

template <class T>
struct Kernels {
  decltype(&activate<T>) activate_;
  decltype(&scale_and_shift<T>) scale_and_shift_;
  decltype(&gradient_sums<T>) gradient_sums_;
  decltype(&activation_gradient<T>) activation_gradient_;
};

}  // namespace
}  // namespace nt::twin
#endif

HWY_BEFORE_NAMESPACE();
namespace nt::twin {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;

/// Calls f(first feature, mask) for every vector of features, the last perhaps not a whole one.
template <class T, class F>
HWY_INLINE void for_each_vector(int64_t features, F&& f) {
  const Tag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i < features; i += lanes) {
    f(i, hn::FirstN(d, static_cast<size_t>(std::min(lanes, features - i))));
  }
}

template <class T>
void activate_on(const SignalShape& s, bool relu, const T* bias, T* x, double* average, double* variance,
                 const Parallel& parallel) {
  const Tag<T> d;
  const bool norm = average != nullptr;
  const auto size = static_cast<size_t>(norm ? blocks_of(s) * s.features : 0);
  std::vector<T> block_average(size), block_squares(size);
  const auto least = hn::Set(d, relu ? T(0) : -std::numeric_limits<T>::infinity());
  for_each_block(s, parallel, [&](int64_t begin, int64_t end, int64_t block) {
    for_each_vector<T>(s.features, [&](int64_t f, auto mask) {
      const auto b = hn::MaskedLoad(mask, d, bias + f);
      auto sum = hn::Zero(d);
      for (int64_t t = begin; t < end; ++t) {
        const auto r = hn::Max(hn::Add(hn::MaskedLoad(mask, d, x + t * s.features + f), b), least);
        hn::BlendedStore(r, mask, d, x + t * s.features + f);
        sum = hn::Add(sum, r);
      }
      if (!norm) return;
      const auto mean = hn::Mul(sum, hn::Set(d, T(1) / static_cast<T>(end - begin)));
      auto squares = hn::Zero(d);
      for (int64_t t = begin; t < end; ++t) {
        const auto deviation = hn::Sub(hn::MaskedLoad(mask, d, x + t * s.features + f), mean);
        squares = hn::MulAdd(deviation, deviation, squares);
      }
      hn::BlendedStore(mean, mask, d, block_average.data() + block * s.features + f);
      hn::BlendedStore(squares, mask, d, block_squares.data() + block * s.features + f);
    });
  });
  if (!norm) return;
  // Averages and sums of squared deviations of blocks, put together (Chan, Golub and LeVeque 1983).
  for (int64_t f = 0; f < s.features; ++f) {
    double count = 0, mean = 0, squares = 0;
    for (int64_t block = 0; block < blocks_of(s); ++block) {
      const auto i = static_cast<size_t>(block * s.features + f);
      const auto rows = static_cast<double>(std::min(s.rows, (block + 1) * kBlockRows) - block * kBlockRows);
      const double off = static_cast<double>(block_average[i]) - mean;
      mean += off * rows / (count + rows);
      squares += static_cast<double>(block_squares[i]) + off * off * rows * count / (count + rows);
      count += rows;
    }
    average[f] = mean;
    variance[f] = squares / count;
  }
}

template <class T>
void scale_and_shift_on(const SignalShape& s, const T* r, const T* factor, const T* offset, T* y,
                        const Parallel& parallel) {
  const Tag<T> d;
  for_each_block(s, parallel, [&](int64_t begin, int64_t end, int64_t) {
    for_each_vector<T>(s.features, [&](int64_t f, auto mask) {
      const auto a = hn::MaskedLoad(mask, d, factor + f), b = hn::MaskedLoad(mask, d, offset + f);
      for (int64_t t = begin; t < end; ++t) {
        const int64_t i = t * s.features + f;
        hn::BlendedStore(hn::MulAdd(hn::MaskedLoad(mask, d, r + i), a, b), mask, d, y + i);
      }
    });
  });
}

template <class T>
void gradient_sums_on(const SignalShape& s, const T* y_gradient, const T* r, const T* average, double* sum,
                      double* sum_times_deviation, const Parallel& parallel) {
  const Tag<T> d;
  const auto size = static_cast<size_t>(blocks_of(s) * s.features);
  std::vector<T> first(size), second(size);
  for_each_block(s, parallel, [&](int64_t begin, int64_t end, int64_t block) {
    for_each_vector<T>(s.features, [&](int64_t f, auto mask) {
      const auto mean = hn::MaskedLoad(mask, d, average + f);
      auto a = hn::Zero(d), b = hn::Zero(d);
      for (int64_t t = begin; t < end; ++t) {
        const int64_t i = t * s.features + f;
        const auto g = hn::MaskedLoad(mask, d, y_gradient + i);
        a = hn::Add(a, g);
        b = hn::MulAdd(g, hn::Sub(hn::MaskedLoad(mask, d, r + i), mean), b);
      }
      hn::BlendedStore(a, mask, d, first.data() + block * s.features + f);
      hn::BlendedStore(b, mask, d, second.data() + block * s.features + f);
    });
  });
  add_up(first, s, sum);
  add_up(second, s, sum_times_deviation);
}

template <class T>
void activation_gradient_on(const SignalShape& s, bool relu, const T* y_gradient, const T* r,
                            const NormGradient<T>& norm, T* x_gradient, double* bias_gradient,
                            const Parallel& parallel) {
  const Tag<T> d;
  std::vector<T> sums(blocks_of(s) * s.features);
  const auto least = hn::Set(d, relu ? T(0) : -std::numeric_limits<T>::infinity());
  for_each_block(s, parallel, [&](int64_t begin, int64_t end, int64_t block) {
    for_each_vector<T>(s.features, [&](int64_t f, auto mask) {
      const auto factor = hn::MaskedLoad(mask, d, norm.factor + f);
      const auto constant = hn::MaskedLoad(mask, d, norm.constant + f);
      const auto slope = hn::MaskedLoad(mask, d, norm.slope + f);
      const auto mean = hn::MaskedLoad(mask, d, norm.average + f);
      auto sum = hn::Zero(d);
      for (int64_t t = begin; t < end; ++t) {
        const int64_t i = t * s.features + f;
        const auto value = hn::MaskedLoad(mask, d, r + i);
        const auto g = hn::MulSub(factor, hn::MaskedLoad(mask, d, y_gradient + i), constant);
        const auto x =
            hn::IfThenElseZero(hn::Gt(value, least), hn::NegMulAdd(slope, hn::Sub(value, mean), g));
        hn::BlendedStore(x, mask, d, x_gradient + i);
        sum = hn::Add(sum, x);
      }
      hn::BlendedStore(sum, mask, d, sums.data() + block * s.features + f);
    });
  });
  add_up(sums, s, bias_gradient);
}

Kernels<float> in_float() {
  return {.activate_ = &activate_on,
          .scale_and_shift_ = &scale_and_shift_on,
          .gradient_sums_ = &gradient_sums_on,
          .activation_gradient_ = &activation_gradient_on};
}
Kernels<double> in_double() {
  return {.activate_ = &activate_on,
          .scale_and_shift_ = &scale_and_shift_on,
          .gradient_sums_ = &gradient_sums_on,
          .activation_gradient_ = &activation_gradient_on};
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
void activate(const SignalShape& shape, bool relu, const T* bias, T* x, double* average, double* variance,
              const Parallel& parallel) {
  best<T>().activate_(shape, relu, bias, x, average, variance, parallel);
}
template <class T>
void scale_and_shift(const SignalShape& shape, const T* r, const T* factor, const T* offset, T* y,
                     const Parallel& parallel) {
  best<T>().scale_and_shift_(shape, r, factor, offset, y, parallel);
}
template <class T>
void gradient_sums(const SignalShape& shape, const T* y_gradient, const T* r, const T* average, double* sum,
                   double* sum_times_deviation, const Parallel& parallel) {
  best<T>().gradient_sums_(shape, y_gradient, r, average, sum, sum_times_deviation, parallel);
}
template <class T>
void activation_gradient(const SignalShape& shape, bool relu, const T* y_gradient, const T* r,
                         const NormGradient<T>& norm, T* x_gradient, double* bias_gradient,
                         const Parallel& parallel) {
  best<T>().activation_gradient_(shape, relu, y_gradient, r, norm, x_gradient, bias_gradient, parallel);
}

template void activate(const SignalShape&, bool, const float*, float*, double*, double*, const Parallel&);
template void activate(const SignalShape&, bool, const double*, double*, double*, double*, const Parallel&);
template void scale_and_shift(const SignalShape&, const float*, const float*, const float*, float*,
                              const Parallel&);
template void scale_and_shift(const SignalShape&, const double*, const double*, const double*, double*,
                              const Parallel&);
template void gradient_sums(const SignalShape&, const float*, const float*, const float*, double*, double*,
                            const Parallel&);
template void gradient_sums(const SignalShape&, const double*, const double*, const double*, double*, double*,
                            const Parallel&);
template void activation_gradient(const SignalShape&, bool, const float*, const float*,
                                  const NormGradient<float>&, float*, double*, const Parallel&);
template void activation_gradient(const SignalShape&, bool, const double*, const double*,
                                  const NormGradient<double>&, double*, double*, const Parallel&);
}  // namespace nt::twin
#endif
