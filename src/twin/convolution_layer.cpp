#include "twin/detail/convolution_layer.hpp"

#include <algorithm>

namespace nt::twin {
namespace {

/// Times the fast algorithm is applied, from measurements of 1 .. 35 taps at 32 .. 128 features: as long as
/// each of its products keeps three taps, which pay for the additions.
int halvings_of(int64_t taps, int64_t inputs) {
  if (inputs < 48 || taps < 6) return 0;
  return taps >= 32 ? 3 : taps >= 10 ? 2 : 1;
}

/// A signal [window][time][feature] taken apart into its phases, [window and phase][round][feature], behind
/// so many zeros that the rounds are whole.
struct Phases {
  int64_t windows, duration, features, dilation;
  int64_t zeros() const { return (dilation - duration % dilation) % dilation; }
  int64_t rounds() const { return (duration + zeros()) / dilation; }
  int64_t numbers() const { return windows * dilation * rounds() * features; }
};

/// Calls f(row of the phases, row of the signal or -1 for zeros).
template <class F>
void for_each_row(const Phases& p, F&& f) {
  for (int64_t w = 0; w < p.windows; ++w) {
    for (int64_t phase = 0; phase < p.dilation; ++phase) {
      for (int64_t round = 0; round < p.rounds(); ++round) {
        const int64_t time = round * p.dilation + phase - p.zeros();
        f((w * p.dilation + phase) * p.rounds() + round, time < 0 ? -1 : w * p.duration + time);
      }
    }
  }
}

template <class T>
void take_apart(const Phases& p, const T* signal, T* phases) {
  for_each_row(p, [&](int64_t to, int64_t from) {
    if (from < 0) {
      std::fill_n(phases + to * p.features, p.features, T(0));
    } else {
      std::copy_n(signal + from * p.features, p.features, phases + to * p.features);
    }
  });
}

template <class T>
void put_together(const Phases& p, const T* phases, T* signal) {
  for_each_row(p, [&](int64_t from, int64_t to) {
    if (to >= 0) std::copy_n(phases + from * p.features, p.features, signal + to * p.features);
  });
}

/// Both signals have the same zeros: the reach is whole rounds. These make outputs of their own, which are
/// dropped when a signal is put together.
Phases input_of(const ConvolutionShape& s) {
  return {s.windows, s.input_duration(), s.inputs, s.dilation};
}
Phases output_of(const ConvolutionShape& s) {
  return {s.windows, s.duration, s.outputs, s.dilation};
}
CausalConvolutionShape plain(const ConvolutionShape& s) {
  return {s.windows * s.dilation, output_of(s).rounds(), s.taps, s.inputs, s.outputs};
}

}  // namespace

template <class T>
void ConvolutionBuffers<T>::plan(Arena& arena, const ConvolutionShape& shape) {
  if (shape.dilation == 1) return;
  input = arena.take<T>(input_of(shape).numbers());
  output = arena.take<T>(std::max(output_of(shape).numbers(), input_of(shape).numbers()));
}

template <class T>
void convolution_forward(const ConvolutionShape& s, const T* input, const T* weight, T* output,
                         const ConvolutionBuffers<T>& buffers, const Parallel& parallel) {
  const int halvings = halvings_of(s.taps, s.inputs);
  if (s.dilation == 1) return causal_convolution_forward(plain(s), input, weight, output, halvings, parallel);
  take_apart(input_of(s), input, buffers.input);
  causal_convolution_forward(plain(s), buffers.input, weight, buffers.output, halvings, parallel);
  put_together(output_of(s), buffers.output, output);
}

template <class T>
void convolution_backward(const ConvolutionShape& s, const T* input, const T* weight,
                          const T* output_gradient, T* weight_gradient, T* input_gradient,
                          const ConvolutionBuffers<T>& buffers, const Parallel& parallel) {
  const int halvings = halvings_of(s.taps, s.inputs);
  const T* signal = input;
  const T* gradient = output_gradient;
  if (s.dilation > 1) {
    take_apart(output_of(s), output_gradient, buffers.output);
    signal = buffers.input;
    gradient = buffers.output;
  }
  if (weight_gradient != nullptr)
    causal_convolution_weight_gradient(plain(s), signal, gradient, weight_gradient, halvings, parallel);
  if (input_gradient == nullptr) return;
  if (s.dilation == 1)
    return causal_convolution_input_gradient(plain(s), gradient, weight, input_gradient, halvings, parallel);
  // The input is no longer needed: its room takes its gradient.
  causal_convolution_input_gradient(plain(s), gradient, weight, buffers.input, halvings, parallel);
  put_together(input_of(s), buffers.input, input_gradient);
}

template struct ConvolutionBuffers<float>;
template struct ConvolutionBuffers<double>;
template void convolution_forward(const ConvolutionShape&, const float*, const float*, float*,
                                  const ConvolutionBuffers<float>&, const Parallel&);
template void convolution_forward(const ConvolutionShape&, const double*, const double*, double*,
                                  const ConvolutionBuffers<double>&, const Parallel&);
template void convolution_backward(const ConvolutionShape&, const float*, const float*, const float*, float*,
                                   float*, const ConvolutionBuffers<float>&, const Parallel&);
template void convolution_backward(const ConvolutionShape&, const double*, const double*, const double*,
                                   double*, double*, const ConvolutionBuffers<double>&, const Parallel&);

}  // namespace nt::twin
