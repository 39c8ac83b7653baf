#pragma once
#ifndef __CUDACC__
#include <cmath>
#endif

#include "device/code.hpp"

// Device code of what follows a convolution (activation_norm.hpp, after_convolution.hpp): bias, activation,
// batch normalisation, residual sums. Sums over rows are made in double, of chunks of rows first, always in
// the same order.
namespace nt::twin::device_code {

constexpr int kChunkRows = 128;

struct NormArguments {
  int64_t windows;
  int duration, features;
  bool relu, by_batch;
  double keep, epsilon;  // of the running averages
  float* x;              // [row][feature]: a convolution's result, then r
  float* y;              // r normalised; r itself without normalisation
  const float* added;    // the layer's input, which is longer by `added_before` ms; null: none
  int added_before;
  const float* bias;
  const float *scale, *shift;  // null: no normalisation
  float *running_mean, *running_variance;
  double* partial;         // [chunk][feature]
  double* second_partial;  // the same, of another quantity
  double* total;           // [average, deviation, sum, sum of products, bias][feature]
  const float* y_gradient;
  float* x_gradient;
  float* added_gradient;  // that y's is added to
  float *bias_gradient, *scale_gradient, *shift_gradient;

  NT_DEVICE int64_t rows() const { return windows * duration; }
  NT_DEVICE int64_t chunks() const { return (rows() + kChunkRows - 1) / kChunkRows; }
  NT_DEVICE double* average() const { return total; }
  NT_DEVICE double* inverse_sd() const { return total + features; }
  NT_DEVICE double* sum() const { return total + 2 * features; }
  NT_DEVICE double* sum_of_products() const { return total + 3 * features; }
  NT_DEVICE double chunk_sum(const double* of_chunks, int f) const {
    double all = 0;
    for (int64_t c = 0; c < chunks(); ++c) all += of_chunks[c * features + f];
    return all;
  }
  /// f(place of row and feature) for the rows of a chunk.
  template <class F>
  NT_DEVICE void for_rows(int64_t chunk, int feature, F&& f) const {
    const int64_t end = (chunk + 1) * kChunkRows < rows() ? (chunk + 1) * kChunkRows : rows();
    for (int64_t row = chunk * kChunkRows; row < end; ++row) f(row * features + feature);
  }
  /// Where, in a signal longer by added_before ms, the same window and ms are.
  NT_DEVICE int64_t in_longer(int64_t i) const {
    const int64_t window = i / features / duration;
    return i + (window + 1) * added_before * features;
  }
};

/// x := r, and the sums of r: a block to each chunk.
NT_DEVICE void norm_activate(const device::Block& block, const NormArguments& a) {
  block.share(a.features, [&](int f) {
    double sum = 0;
    a.for_rows(block.index, f, [&](int64_t i) {
      const float r = a.x[i] + a.bias[f];
      a.x[i] = a.relu && !(r > 0) ? 0.0f : r;
      sum += a.x[i];
    });
    a.partial[block.index * a.features + f] = sum;
  });
}

/// One block.
NT_DEVICE void norm_average(const device::Block& block, const NormArguments& a) {
  block.share(a.features, [&](int f) {
    a.average()[f] = a.by_batch ? a.chunk_sum(a.partial, f) / static_cast<double>(a.rows())
                                : static_cast<double>(a.running_mean[f]);
  });
}

/// Sums of squared deviations: a block to each chunk.
NT_DEVICE void norm_deviations(const device::Block& block, const NormArguments& a) {
  block.share(a.features, [&](int f) {
    double sum = 0;
    const double average = a.average()[f];
    a.for_rows(block.index, f, [&](int64_t i) {
      const double deviation = a.x[i] - average;
      sum += deviation * deviation;
    });
    a.partial[block.index * a.features + f] = sum;
  });
}

/// One block. Moves the running averages along.
NT_DEVICE void norm_variance(const device::Block& block, const NormArguments& a) {
  block.share(a.features, [&](int f) {
    double variance = a.running_variance[f];
    if (a.by_batch) {
      const auto rows = static_cast<double>(a.rows());
      variance = a.chunk_sum(a.partial, f) / rows;
      const double unbiased = rows > 1 ? variance * rows / (rows - 1) : variance;
      const auto keep = static_cast<float>(a.keep), rest = static_cast<float>(1 - a.keep);
      a.running_mean[f] = a.running_mean[f] * keep + rest * static_cast<float>(a.average()[f]);
      a.running_variance[f] = a.running_variance[f] * keep + rest * static_cast<float>(unbiased);
    }
    a.inverse_sd()[f] = 1 / sqrt(variance + a.epsilon);
  });
}

/// y: a block to each chunk.
NT_DEVICE void norm_apply(const device::Block& block, const NormArguments& a) {
  block.share(a.features, [&](int f) {
    double factor = 1, offset = 0;
    if (a.scale != nullptr) {
      factor = a.scale[f] * a.inverse_sd()[f];
      offset = a.shift[f] - a.average()[f] * factor;
    }
    a.for_rows(block.index, f, [&](int64_t i) {
      const float y = static_cast<float>(factor) * a.x[i] + static_cast<float>(offset);
      a.y[i] = a.added != nullptr ? y + a.added[a.in_longer(i)] : y;
    });
  });
}

/// Sums of y's gradient, and of it times r's deviation: a block to each chunk.
NT_DEVICE void norm_gradient_sums(const device::Block& block, const NormArguments& a) {
  block.share(a.features, [&](int f) {
    double sum = 0, products = 0;
    const double average = a.average()[f];
    a.for_rows(block.index, f, [&](int64_t i) {
      sum += a.y_gradient[i];
      products += a.y_gradient[i] * (a.x[i] - average);
    });
    a.partial[block.index * a.features + f] = sum;
    a.second_partial[block.index * a.features + f] = products;
  });
}

/// One block.
NT_DEVICE void norm_gradients(const device::Block& block, const NormArguments& a) {
  block.share(a.features, [&](int f) {
    a.sum()[f] = a.chunk_sum(a.partial, f);
    a.sum_of_products()[f] = a.chunk_sum(a.second_partial, f);
    a.shift_gradient[f] = static_cast<float>(a.sum()[f]);
    a.scale_gradient[f] = static_cast<float>(a.sum_of_products()[f] * a.inverse_sd()[f]);
  });
}

/// x's gradient (after_convolution.hpp) and the sums of it: a block to each chunk.
NT_DEVICE void norm_input_gradient(const device::Block& block, const NormArguments& a) {
  block.share(a.features, [&](int f) {
    double factor = 1, constant = 0, slope = 0, average = 0, sum = 0;
    if (a.scale != nullptr) {
      const auto rows = static_cast<double>(a.rows());
      average = a.average()[f];
      factor = a.scale[f] * a.inverse_sd()[f];
      if (a.by_batch) {
        constant = factor * a.sum()[f] / rows;
        slope = factor * a.inverse_sd()[f] * a.inverse_sd()[f] * a.sum_of_products()[f] / rows;
      }
    }
    a.for_rows(block.index, f, [&](int64_t i) {
      const bool stands_still = a.relu && !(a.x[i] > 0);
      const double gradient = factor * a.y_gradient[i] - constant - slope * (a.x[i] - average);
      a.x_gradient[i] = stands_still ? 0.0f : static_cast<float>(gradient);
      sum += a.x_gradient[i];
    });
    a.partial[block.index * a.features + f] = sum;
  });
}

/// One block.
NT_DEVICE void norm_bias_gradient(const device::Block& block, const NormArguments& a) {
  block.share(a.features, [&](int f) { a.bias_gradient[f] = static_cast<float>(a.chunk_sum(a.partial, f)); });
}

/// What a layer was given is part of what it made: a block to each chunk.
NT_DEVICE void norm_add_gradient(const device::Block& block, const NormArguments& a) {
  block.share(a.features, [&](int f) {
    a.for_rows(block.index, f, [&](int64_t i) { a.added_gradient[a.in_longer(i)] += a.y_gradient[i]; });
  });
}

}  // namespace nt::twin::device_code
