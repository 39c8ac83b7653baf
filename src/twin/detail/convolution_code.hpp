#pragma once
#include "device/code.hpp"

// Device code of causal convolutions and their gradients, as products of matrices that are never written
// down: a block has a tile of the product, whose threads have each a small one of their own in registers.
namespace nt::twin::device_code {

constexpr int kTileSide = 64, kTileDepth = 16;
constexpr int kOwnSide = 4;                                                  // of a thread's tile
constexpr int kTileThreads = kTileSide / kOwnSide * (kTileSide / kOwnSide);  // 256
constexpr int kTileSharedBytes = 2 * kTileDepth * kTileSide * static_cast<int>(sizeof(float));

/// product[row][column] = sum over k < depth of a(row, k) b(k, column), each sum in the order of k, handed to
/// store(row, column, sum). `kRowsOfA`: a's neighbours in memory are rows, else depths; `kColumnsOfB`: b's
/// are columns, else depths.
template <bool kRowsOfA, bool kColumnsOfB, class A, class B, class Store>
NT_DEVICE void tiled_product(const device::Block& block, int64_t rows, int64_t columns, int64_t depth, A&& a,
                             B&& b, Store&& store) {
  struct Tile {
    float at[kOwnSide][kOwnSide];
  };
  float* of_a = static_cast<float*>(block.shared);  // [depth][row]
  float* of_b = of_a + kTileDepth * kTileSide;      // [depth][column]
  const int64_t across = (columns + kTileSide - 1) / kTileSide;
  const int64_t first_row = block.index / across * kTileSide, first_column = block.index % across * kTileSide;
  device::Own<Tile> own(block);
  for (int64_t first = 0; first < depth; first += kTileDepth) {
    block.share(2 * kTileDepth * kTileSide, [&](int i) {
      const bool is_a = i < kTileDepth * kTileSide;
      const int n = is_a ? i : i - kTileDepth * kTileSide;
      const bool along_side = is_a ? kRowsOfA : kColumnsOfB;
      const int side = along_side ? n % kTileSide : n / kTileDepth,
                k = along_side ? n / kTileSide : n % kTileDepth;
      const bool inside = first + k < depth;
      if (is_a)
        of_a[k * kTileSide + side] =
            inside && first_row + side < rows ? a(first_row + side, first + k) : 0.0f;
      else
        of_b[k * kTileSide + side] =
            inside && first_column + side < columns ? b(first + k, first_column + side) : 0.0f;
    });
    block.each([&](int thread) {
      Tile& tile = own(thread);
      const float* row = of_a + thread / (kTileSide / kOwnSide) * kOwnSide;
      const float* column = of_b + thread % (kTileSide / kOwnSide) * kOwnSide;
      for (int k = 0; k < kTileDepth; ++k, row += kTileSide, column += kTileSide)
#ifdef __CUDACC__
#pragma unroll
#endif
        for (int i = 0; i < kOwnSide; ++i)
#ifdef __CUDACC__
#pragma unroll
#endif
          for (int j = 0; j < kOwnSide; ++j) tile.at[i][j] += row[i] * column[j];
    });
  }
  block.each([&](int thread) {
    const int64_t row = first_row + thread / (kTileSide / kOwnSide) * kOwnSide,
                  column = first_column + thread % (kTileSide / kOwnSide) * kOwnSide;
    for (int i = 0; i < kOwnSide; ++i)
      for (int j = 0; j < kOwnSide; ++j)
        if (row + i < rows && column + j < columns) store(row + i, column + j, own(thread).at[i][j]);
  });
}

/// As detail/convolution_layer.hpp has it.
struct ConvolutionArguments {
  int64_t windows;
  int duration, taps, inputs, outputs, dilation;
  const float* input;   // [window][duration + (taps - 1) dilation][input]
  const float* weight;  // [tap][input][output]
  float* output;        // [window][duration][output]
  const float* output_gradient;
  float *weight_gradient, *input_gradient;

  NT_DEVICE int64_t rows() const { return windows * duration; }
  NT_DEVICE int input_duration() const { return duration + (taps - 1) * dilation; }
  /// What the output at row (window, ms) sees through a tap.
  NT_DEVICE float seen(int64_t row, int tap, int in) const {
    const int64_t window = row / duration, t = row % duration;
    return input[(window * input_duration() + t + static_cast<int64_t>(tap) * dilation) * inputs + in];
  }
};

NT_DEVICE void convolution_forward(const device::Block& block, const ConvolutionArguments& a) {
  tiled_product<false, true>(
      block, a.rows(), a.outputs, static_cast<int64_t>(a.taps) * a.inputs,
      [&](int64_t row, int64_t k) {
        return a.seen(row, static_cast<int>(k / a.inputs), static_cast<int>(k % a.inputs));
      },
      [&](int64_t k, int64_t o) { return a.weight[k * a.outputs + o]; },
      [&](int64_t row, int64_t o, float sum) { a.output[row * a.outputs + o] = sum; });
}

NT_DEVICE void convolution_weight_gradient(const device::Block& block, const ConvolutionArguments& a) {
  tiled_product<true, true>(
      block, static_cast<int64_t>(a.taps) * a.inputs, a.outputs, a.rows(),
      [&](int64_t k, int64_t row) {
        return a.seen(row, static_cast<int>(k / a.inputs), static_cast<int>(k % a.inputs));
      },
      [&](int64_t row, int64_t o) { return a.output_gradient[row * a.outputs + o]; },
      [&](int64_t k, int64_t o, float sum) { a.weight_gradient[k * a.outputs + o] = sum; });
}

NT_DEVICE void convolution_input_gradient(const device::Block& block, const ConvolutionArguments& a) {
  tiled_product<false, false>(
      block, a.windows * a.input_duration(), a.inputs, static_cast<int64_t>(a.taps) * a.outputs,
      [&](int64_t row, int64_t k) {
        const int64_t window = row / a.input_duration(),
                      t = row % a.input_duration() - k / a.outputs * a.dilation;
        if (t < 0 || t >= a.duration) return 0.0f;
        return a.output_gradient[(window * a.duration + t) * a.outputs + k % a.outputs];
      },
      [&](int64_t k, int64_t in) {
        return a.weight[(k / a.outputs * a.inputs + in) * a.outputs + k % a.outputs];
      },
      [&](int64_t row, int64_t in, float sum) { a.input_gradient[row * a.inputs + in] = sum; });
}

}  // namespace nt::twin::device_code
