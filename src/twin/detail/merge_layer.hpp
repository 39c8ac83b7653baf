#pragma once
#include <cstdint>
#include <span>

#include "twin/parallel.hpp"

namespace nt::twin {

/// A causal convolution in which every node of a layer sees its children of the layer before alone
/// (merge_tree.hpp). `inputs` and `outputs` are channels of one node.
///   first   [nodes + 1]; the last is the number of children of all nodes
///   input   [windows][duration + taps - 1][child][inputs]
///   weight  node by node [taps][its children][inputs][outputs]; the last tap is the present
///   output  [windows][duration][node][outputs]
struct MergeShape {
  int64_t windows, duration, taps, inputs, outputs;
  std::span<const int64_t> first;

  int64_t nodes() const { return static_cast<int64_t>(first.size()) - 1; }
  int64_t children() const { return first.back(); }
  /// Children of node n; where its weights begin.
  int64_t children_of(int64_t n) const { return first[static_cast<size_t>(n) + 1] - first[n]; }
  int64_t weights_before(int64_t n) const { return first[n] * inputs * taps * outputs; }
};

/// Results are overwritten. For float and double; nodes on several threads, with results that do not depend
/// on how many.
template <class T>
void merge_forward(const MergeShape& shape, const T* input, const T* weight, T* output,
                   const Parallel& parallel);
/// weight_gradient may be null.
template <class T>
void merge_backward(const MergeShape& shape, const T* input, const T* weight, const T* output_gradient,
                    T* weight_gradient, T* input_gradient, const Parallel& parallel);

/// to[row][0 .. columns) = from[row][0 .. columns), rows so many numbers apart.
template <class T>
void copy_columns(const T* from, int64_t from_row, T* to, int64_t to_row, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t i = 0; i < columns; ++i) to[r * to_row + i] = from[r * from_row + i];
  }
}

}  // namespace nt::twin
