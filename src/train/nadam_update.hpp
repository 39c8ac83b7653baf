#pragma once
#include <cstdint>

namespace nt::train {

/// What NAdam's step t multiplies with, the same for every parameter:
///   g' = g + 2 l2 p
///   m := beta1 m + (1 - beta1) g',   v := beta2 v + (1 - beta2) g'^2
///   p := p + (gradient_rate g' + moment_rate m) / (sqrt(v / correction) + epsilon)
struct NadamRates {
  double beta1, beta2, epsilon;
  double gradient_rate, moment_rate;  // negative
  double correction;                  // 1 - beta2^t
};

/// One step of `count` parameters, each number read and written once. For float and double.
template <class T>
void nadam_update(const NadamRates& rates, double l2, const T* gradient, T* parameter, T* first_moment,
                  T* second_moment, int64_t count);

}  // namespace nt::train
