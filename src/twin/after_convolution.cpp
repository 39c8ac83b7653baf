#include "twin/after_convolution.hpp"

#include <algorithm>
#include <cmath>

namespace nt::twin {
namespace {

template <class T>
std::vector<T> in_precision(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

template <class T>
void copy_out(const std::vector<double>& values, T* to) {
  if (to == nullptr) return;
  for (size_t f = 0; f < values.size(); ++f) to[f] = static_cast<T>(values[f]);
}

/// running := 99 % running + 1 % of the batch's
template <class T>
void move_along(T* running, double value) {
  *running = static_cast<T>(*running * static_cast<T>(kNormKeep)) +
             static_cast<T>(1 - kNormKeep) * static_cast<T>(value);
}

/// From averages and variances over this process's rows to those over the rows of all processes. Returns the
/// number of these rows. One sum is enough: in double, the mean of the squares less the square of the mean
/// loses little.
double over_processes(int64_t own_rows, const Parallel& parallel, std::vector<double>& average,
                      std::vector<double>& variance) {
  const auto own = static_cast<double>(own_rows);
  if (!parallel.sum_over_processes) return own;
  const size_t features = average.size();
  std::vector<double> sums{own};  // rows; then sums of r; then of its squares
  for (size_t f = 0; f < features; ++f) sums.push_back(own * average[f]);
  for (size_t f = 0; f < features; ++f) sums.push_back(own * (variance[f] + average[f] * average[f]));
  parallel.sum_over_processes(sums);
  const double rows = sums.front();
  for (size_t f = 0; f < features; ++f) {
    average[f] = sums[1 + f] / rows;
    variance[f] = std::max(0.0, sums[1 + features + f] / rows - average[f] * average[f]);
  }
  return rows;
}

/// Gradient sums over this process's rows, to those over the rows of all processes.
void over_processes(const Parallel& parallel, std::vector<double>& sum, std::vector<double>& other) {
  if (!parallel.sum_over_processes) return;
  auto both = sum;
  both.insert(both.end(), other.begin(), other.end());
  parallel.sum_over_processes(both);
  const auto middle = both.begin() + std::ssize(sum);
  std::copy(both.begin(), middle, sum.begin());
  std::copy(middle, both.end(), other.begin());
}

}  // namespace

template <class T>
void running_normalisation(const AfterConvolution<T>& after, int64_t features, std::vector<T>& factor,
                           std::vector<T>& offset) {
  factor.clear();
  offset.clear();
  for (int64_t f = 0; f < features; ++f) {
    const double inverse_sd = 1 / std::sqrt(static_cast<double>(after.variance[f]) + kNormEpsilon);
    const double of_r = static_cast<double>(after.scale[f]) * inverse_sd;
    factor.push_back(static_cast<T>(of_r));
    offset.push_back(
        static_cast<T>(static_cast<double>(after.shift[f]) - static_cast<double>(after.mean[f]) * of_r));
  }
}

template <class T>
T* after_convolution_forward(const SignalShape& shape, const AfterConvolution<T>& after, NormBy norm, T* x,
                             T* y, AfterConvolutionMemory<T>& memory, const Parallel& parallel) {
  const auto features = static_cast<size_t>(shape.features);
  const bool normalises = after.scale != nullptr;
  memory.r = x;
  memory.by_batch = normalises && norm == NormBy::batch;
  auto& average = memory.average;
  std::vector<double> variance(features);
  average.resize(features);
  activate(shape, after.relu, after.bias, x, memory.by_batch ? average.data() : nullptr,
           memory.by_batch ? variance.data() : nullptr, parallel);
  if (!normalises) return x;
  memory.rows = memory.by_batch ? over_processes(shape.rows, parallel, average, variance) : 0;
  const double unbiased = memory.rows > 1 ? memory.rows / (memory.rows - 1) : 1;
  memory.inverse_sd.resize(features);
  std::vector<T> factor(features), offset(features);
  for (size_t f = 0; f < features; ++f) {
    if (memory.by_batch) {
      move_along(after.mean + f, average[f]);
      move_along(after.variance + f, variance[f] * unbiased);
    } else {
      average[f] = static_cast<double>(after.mean[f]);
      variance[f] = static_cast<double>(after.variance[f]);
    }
    memory.inverse_sd[f] = 1 / std::sqrt(variance[f] + kNormEpsilon);
    const double of_r = static_cast<double>(after.scale[f]) * memory.inverse_sd[f];
    factor[f] = static_cast<T>(of_r);
    offset[f] = static_cast<T>(static_cast<double>(after.shift[f]) - average[f] * of_r);
  }
  scale_and_shift(shape, x, factor.data(), offset.data(), y, parallel);
  return y;
}

template <class T>
void after_convolution_backward(const SignalShape& shape, const AfterConvolution<T>& after,
                                const AfterConvolutionMemory<T>& memory, const T* y_gradient, T* x_gradient,
                                const AfterConvolutionGradients<T>& gradients, const Parallel& parallel) {
  const auto features = static_cast<size_t>(shape.features);
  std::vector<double> factor(features, 1), constant(features), slope(features), bias(features);
  std::vector<T> average(features);
  if (after.scale != nullptr) {
    average = in_precision<T>(memory.average);
    std::vector<double> sum(features), sum_times_deviation(features), scale(features);
    gradient_sums(shape, y_gradient, memory.r, average.data(), sum.data(), sum_times_deviation.data(),
                  parallel);
    for (size_t f = 0; f < features; ++f) {
      factor[f] = static_cast<double>(after.scale[f]) * memory.inverse_sd[f];
      scale[f] = sum_times_deviation[f] * memory.inverse_sd[f];
    }
    copy_out(scale, gradients.scale);
    copy_out(sum, gradients.shift);
    if (memory.by_batch) {  // the running averages do not depend on r
      over_processes(parallel, sum, scale);
      for (size_t f = 0; f < features; ++f) {
        constant[f] = factor[f] * sum[f] / memory.rows;
        slope[f] = factor[f] * memory.inverse_sd[f] * scale[f] / memory.rows;
      }
    }
  }
  const auto a = in_precision<T>(factor), b = in_precision<T>(constant), c = in_precision<T>(slope);
  activation_gradient(shape, after.relu, y_gradient, memory.r,
                      NormGradient<T>{a.data(), b.data(), c.data(), average.data()}, x_gradient, bias.data(),
                      parallel);
  copy_out(bias, gradients.bias);
}

template void running_normalisation(const AfterConvolution<float>&, int64_t, std::vector<float>&,
                                    std::vector<float>&);
template void running_normalisation(const AfterConvolution<double>&, int64_t, std::vector<double>&,
                                    std::vector<double>&);
template float* after_convolution_forward(const SignalShape&, const AfterConvolution<float>&, NormBy, float*,
                                          float*, AfterConvolutionMemory<float>&, const Parallel&);
template double* after_convolution_forward(const SignalShape&, const AfterConvolution<double>&, NormBy,
                                           double*, double*, AfterConvolutionMemory<double>&,
                                           const Parallel&);
template void after_convolution_backward(const SignalShape&, const AfterConvolution<float>&,
                                         const AfterConvolutionMemory<float>&, const float*, float*,
                                         const AfterConvolutionGradients<float>&, const Parallel&);
template void after_convolution_backward(const SignalShape&, const AfterConvolution<double>&,
                                         const AfterConvolutionMemory<double>&, const double*, double*,
                                         const AfterConvolutionGradients<double>&, const Parallel&);

}  // namespace nt::twin
