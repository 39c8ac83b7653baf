#include "twin/detail/causal_convolution.hpp"

#include <algorithm>

namespace nt::twin {
namespace {

/// Calls f(input row, weight row block, output row) for every window, output time and tap: offsets of
/// input[w][t + j][0], weight[j][0][0] and output[w][t][0].
template <class F>
void for_each_tap(const CausalConvolutionShape& s, F&& f) {
  for (int64_t w = 0; w < s.windows; ++w) {
    for (int64_t t = 0; t < s.duration; ++t) {
      for (int64_t j = 0; j < s.taps; ++j) {
        f((w * s.input_duration() + t + j) * s.inputs, j * s.inputs * s.outputs,
          (w * s.duration + t) * s.outputs);
      }
    }
  }
}

}  // namespace

template <class T>
void causal_convolution_forward_reference(const CausalConvolutionShape& s, const T* input, const T* weight,
                                          T* output) {
  std::fill_n(output, s.windows * s.duration * s.outputs, T(0));
  for_each_tap(s, [&](int64_t x, int64_t w, int64_t y) {
    for (int64_t i = 0; i < s.inputs; ++i) {
      for (int64_t o = 0; o < s.outputs; ++o) output[y + o] += input[x + i] * weight[w + i * s.outputs + o];
    }
  });
}

template <class T>
void causal_convolution_input_gradient_reference(const CausalConvolutionShape& s, const T* output_gradient,
                                                 const T* weight, T* input_gradient) {
  std::fill_n(input_gradient, s.windows * s.input_duration() * s.inputs, T(0));
  for_each_tap(s, [&](int64_t x, int64_t w, int64_t y) {
    for (int64_t i = 0; i < s.inputs; ++i) {
      for (int64_t o = 0; o < s.outputs; ++o) {
        input_gradient[x + i] += output_gradient[y + o] * weight[w + i * s.outputs + o];
      }
    }
  });
}

template <class T>
void causal_convolution_weight_gradient_reference(const CausalConvolutionShape& s, const T* input,
                                                  const T* output_gradient, T* weight_gradient) {
  std::fill_n(weight_gradient, s.taps * s.inputs * s.outputs, T(0));
  for_each_tap(s, [&](int64_t x, int64_t w, int64_t y) {
    for (int64_t i = 0; i < s.inputs; ++i) {
      for (int64_t o = 0; o < s.outputs; ++o) {
        weight_gradient[w + i * s.outputs + o] += input[x + i] * output_gradient[y + o];
      }
    }
  });
}

template void causal_convolution_forward_reference<float>(const CausalConvolutionShape&, const float*,
                                                          const float*, float*);
template void causal_convolution_forward_reference<double>(const CausalConvolutionShape&, const double*,
                                                           const double*, double*);
template void causal_convolution_input_gradient_reference<float>(const CausalConvolutionShape&, const float*,
                                                                 const float*, float*);
template void causal_convolution_input_gradient_reference<double>(const CausalConvolutionShape&,
                                                                  const double*, const double*, double*);
template void causal_convolution_weight_gradient_reference<float>(const CausalConvolutionShape&, const float*,
                                                                  const float*, float*);
template void causal_convolution_weight_gradient_reference<double>(const CausalConvolutionShape&,
                                                                   const double*, const double*, double*);

}  // namespace nt::twin
