#include "twin/detail/merge_layer.hpp"

#include <memory>

#include "twin/detail/convolution_layer.hpp"

namespace nt::twin {
namespace {

/// Calls f(node, parallel): where nodes are many, side by side; else one after the other, each on all
/// threads.
template <class F>
void for_each_node(int64_t nodes, const Parallel& parallel, F&& f) {
  if (nodes >= 2 * parallel.threads) {
    parallel.run(nodes, [&](int64_t n) { f(n, Parallel{}); });
  } else {
    for (int64_t n = 0; n < nodes; ++n) f(n, parallel);
  }
}

/// Where a node's part of the signals of all lies, and room for it.
template <class T>
struct NodeSignals {
  ConvolutionShape shape;
  int64_t input_rows, output_rows, input_row, output_row, input_at, output_at;
  std::unique_ptr<T[]> input, output;

  NodeSignals(const MergeShape& s, int64_t n)
      : shape{s.windows, s.duration, s.taps, s.children_of(n) * s.inputs, s.outputs, 1},
        input_rows(s.windows * shape.input_duration()),
        output_rows(s.windows * s.duration),
        input_row(s.children() * s.inputs),
        output_row(s.nodes() * s.outputs),
        input_at(s.first[n] * s.inputs),
        output_at(n * s.outputs),
        input(new T[input_rows * shape.inputs]),
        output(new T[output_rows * shape.outputs]) {}

  void take_input(const T* from) {
    copy_columns(from + input_at, input_row, input.get(), shape.inputs, input_rows, shape.inputs);
  }
  void put_input(T* to) const {
    copy_columns(input.get(), shape.inputs, to + input_at, input_row, input_rows, shape.inputs);
  }
  void take_output(const T* from) {
    copy_columns(from + output_at, output_row, output.get(), shape.outputs, output_rows, shape.outputs);
  }
  void put_output(T* to) const {
    copy_columns(output.get(), shape.outputs, to + output_at, output_row, output_rows, shape.outputs);
  }
};

}  // namespace

template <class T>
void merge_forward(const MergeShape& s, const T* input, const T* weight, T* output,
                   const Parallel& parallel) {
  for_each_node(s.nodes(), parallel, [&](int64_t n, const Parallel& threads) {
    NodeSignals<T> of(s, n);
    of.take_input(input);
    convolution_forward<T>(of.shape, of.input.get(), weight + s.weights_before(n), of.output.get(), {},
                           threads);
    of.put_output(output);
  });
}

template <class T>
void merge_backward(const MergeShape& s, const T* input, const T* weight, const T* output_gradient,
                    T* weight_gradient, T* input_gradient, const Parallel& parallel) {
  for_each_node(s.nodes(), parallel, [&](int64_t n, const Parallel& threads) {
    NodeSignals<T> of(s, n);
    of.take_output(output_gradient);
    const int64_t at = s.weights_before(n);
    if (weight_gradient != nullptr) {
      of.take_input(input);
      convolution_backward<T>(of.shape, of.input.get(), weight + at, of.output.get(), weight_gradient + at,
                              nullptr, {}, threads);
    }
    convolution_backward<T>(of.shape, nullptr, weight + at, of.output.get(), nullptr, of.input.get(), {},
                            threads);
    of.put_input(input_gradient);
  });
}

template void merge_forward(const MergeShape&, const float*, const float*, float*, const Parallel&);
template void merge_forward(const MergeShape&, const double*, const double*, double*, const Parallel&);
template void merge_backward(const MergeShape&, const float*, const float*, const float*, float*, float*,
                             const Parallel&);
template void merge_backward(const MergeShape&, const double*, const double*, const double*, double*, double*,
                             const Parallel&);

}  // namespace nt::twin
