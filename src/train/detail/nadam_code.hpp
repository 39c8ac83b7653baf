#pragma once
#ifndef __CUDACC__
#include <cmath>
#endif

#include "device/code.hpp"

// Device code of a training step's end: how long the gradient is, the update of the numbers
// (train/nadam_update.hpp) and their running mean (train/weight_average.hpp).
namespace nt::train::device_code {

constexpr int kNumbersOfABlock = 8192;

struct SquaresArguments {
  int64_t count;
  const float* gradient;
  double* partial;  // [block]
};

/// The sum of the squares of each block's numbers: of each thread's first, then by halves.
NT_DEVICE void squares(const device::Block& block, const SquaresArguments& a) {
  auto* sums = static_cast<double*>(block.shared);
  const int64_t first = block.index * kNumbersOfABlock,
                end = first + kNumbersOfABlock < a.count ? first + kNumbersOfABlock : a.count;
  block.each([&](int thread) {
    double sum = 0;
    for (int64_t i = first + thread; i < end; i += block.threads) {
      const auto g = static_cast<double>(a.gradient[i]);
      sum += g * g;
    }
    sums[thread] = sum;
  });
  for (int half = block.threads / 2; half > 0; half /= 2)
    block.share(half, [&](int i) { sums[i] += sums[i + half]; });
  block.each([&](int thread) {
    if (thread == 0) a.partial[block.index] = sums[0];
  });
}

/// Trained numbers side by side that share a regularisation, at most kNumbersOfABlock.
struct Stretch {
  int64_t first;
  int32_t count;
  float decay;  // 2 l2
};

struct NadamArguments {
  const Stretch* stretch;  // [block]
  float gradient_factor;   // that shortens the gradient
  float beta1, rest1, beta2, rest2, epsilon, per_correction, gradient_rate, moment_rate;
  const float* gradient;
  float *number, *first_moment, *second_moment;
};

/// A block to each stretch.
NT_DEVICE void nadam(const device::Block& block, const NadamArguments& a) {
  const Stretch& s = a.stretch[block.index];
  block.share(s.count, [&](int k) {
    const int64_t i = s.first + k;
    const float p = a.number[i], g = s.decay * p + a.gradient[i] * a.gradient_factor;
    const float m = a.beta1 * a.first_moment[i] + a.rest1 * g;
    const float v = a.beta2 * a.second_moment[i] + a.rest2 * (g * g);
    a.first_moment[i] = m;
    a.second_moment[i] = v;
    a.number[i] = p + (a.gradient_rate * g + a.moment_rate * m) / (sqrtf(v * a.per_correction) + a.epsilon);
  });
}

struct AverageArguments {
  int64_t trained, total;
  float share;  // of the newest
  const float* number;
  float* average;
};

/// Trained numbers come nearer, the others are taken over: a thread to each.
NT_DEVICE void average(const device::Block& block, const AverageArguments& a) {
  block.each([&](int thread) {
    const int64_t i = block.index * block.threads + thread;
    if (i >= a.total) return;
    a.average[i] = i < a.trained ? a.average[i] + a.share * (a.number[i] - a.average[i]) : a.number[i];
  });
}

}  // namespace nt::train::device_code
