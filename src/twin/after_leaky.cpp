#include "twin/detail/after_leaky.hpp"

#include <algorithm>

namespace nt::twin {
namespace {

bool is_leaky(double leak) {
  return leak > 0 && leak < 1;
}

/// Calls f(first, end) for blocks of rows.
template <class F>
void for_each_block(int64_t rows, const Parallel& parallel, F&& f) {
  constexpr int64_t kRows = 512;
  parallel.run((rows + kRows - 1) / kRows,
               [&](int64_t block) { f(block * kRows, std::min(rows, (block + 1) * kRows)); });
}

}  // namespace

template <class T>
void leaky_activate(const SignalShape& s, double leak, const T* bias, T* x, const Parallel& parallel) {
  if (!is_leaky(leak)) return activate<T>(s, leak == 0, bias, x, nullptr, nullptr, parallel);
  const auto slope = static_cast<T>(leak);
  for_each_block(s.rows, parallel, [&](int64_t first, int64_t end) {
    for (int64_t r = first; r < end; ++r) {
      T* row = x + r * s.features;
      for (int64_t f = 0; f < s.features; ++f) {
        const T sum = row[f] + bias[f];
        row[f] = std::max(sum, slope * sum);
      }
    }
  });
}

template <class T>
T* after_leaky_forward(const SignalShape& s, double leak, AfterConvolution<T> after, NormBy norm, T* x, T* y,
                       AfterConvolutionMemory<T>& memory, const Parallel& parallel) {
  after.relu = leak == 0;
  if (!is_leaky(leak)) return after_convolution_forward(s, after, norm, x, y, memory, parallel);
  leaky_activate(s, leak, after.bias, x, parallel);
  const std::vector<T> zeros(s.features, T(0));
  after.bias = zeros.data();
  return after_convolution_forward(s, after, norm, x, y, memory, parallel);
}

template <class T>
void after_leaky_backward(const SignalShape& s, double leak, AfterConvolution<T> after,
                          const AfterConvolutionMemory<T>& memory, const T* y_gradient, T* x_gradient,
                          AfterConvolutionGradients<T> gradients, const Parallel& parallel) {
  after.relu = leak == 0;
  T* of_bias = gradients.bias;
  if (is_leaky(leak)) gradients.bias = nullptr;
  after_convolution_backward(s, after, memory, y_gradient, x_gradient, gradients, parallel);
  if (!is_leaky(leak)) return;
  const auto slope = static_cast<T>(leak);
  for_each_block(s.rows, parallel, [&](int64_t first, int64_t end) {
    for (int64_t i = first * s.features; i < end * s.features; ++i) {
      if (memory.r[i] < 0) x_gradient[i] *= slope;
    }
  });
  if (of_bias == nullptr) return;
  std::vector<double> sum(s.features), unused(sum.size());
  const std::vector<T> zeros(sum.size(), T(0));
  gradient_sums<T>(s, x_gradient, memory.r, zeros.data(), sum.data(), unused.data(), parallel);
  for (size_t f = 0; f < sum.size(); ++f) of_bias[f] = static_cast<T>(sum[f]);
}

template void leaky_activate(const SignalShape&, double, const float*, float*, const Parallel&);
template void leaky_activate(const SignalShape&, double, const double*, double*, const Parallel&);
template float* after_leaky_forward(const SignalShape&, double, AfterConvolution<float>, NormBy, float*,
                                    float*, AfterConvolutionMemory<float>&, const Parallel&);
template double* after_leaky_forward(const SignalShape&, double, AfterConvolution<double>, NormBy, double*,
                                     double*, AfterConvolutionMemory<double>&, const Parallel&);
template void after_leaky_backward(const SignalShape&, double, AfterConvolution<float>,
                                   const AfterConvolutionMemory<float>&, const float*, float*,
                                   AfterConvolutionGradients<float>, const Parallel&);
template void after_leaky_backward(const SignalShape&, double, AfterConvolution<double>,
                                   const AfterConvolutionMemory<double>&, const double*, double*,
                                   AfterConvolutionGradients<double>, const Parallel&);

}  // namespace nt::twin
