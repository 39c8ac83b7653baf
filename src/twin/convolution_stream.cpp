#include "twin/detail/convolution_stream.hpp"

namespace nt::twin {

template <class T>
void convolution_stream_reference(const ConvolutionStreamShape& s, const T* input, const T* weight,
                                  T* output) {
  for (int64_t row = 0; row < s.streams * s.duration; ++row) {
    const T* x = input + row / s.duration * s.stride + row % s.duration * s.inputs;
    for (int64_t o = 0; o < s.outputs; ++o) {
      T sum = 0;
      for (int64_t j = 0; j < s.taps; ++j) {
        for (int64_t i = 0; i < s.inputs; ++i)
          sum += x[j * s.dilation * s.inputs + i] * weight[(j * s.inputs + i) * s.outputs + o];
      }
      output[row * s.outputs + o] = sum;
    }
  }
}

template void convolution_stream_reference(const ConvolutionStreamShape&, const float*, const float*, float*);
template void convolution_stream_reference(const ConvolutionStreamShape&, const double*, const double*,
                                           double*);

}  // namespace nt::twin
