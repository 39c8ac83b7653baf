#pragma once
#include "device/code.hpp"

// Device code of the heads of twins that learn: outputs of what a network hands on, ms by ms, and back.
namespace nt::twin::device_code {

struct HeadsArguments {
  int features, outputs;
  int64_t windows;
  int duration, history;           // ms of x in each window, and how many of them lie before the window
  const float *weight, *constant;  // [output][feature], [output]
  const float* x;                  // [window][duration][feature]
  float* answer;                   // [window][duration - history][output]
  const float* answer_gradient;    // the same
  float* x_gradient;               // [window][duration - history][feature]
  // Of the weights and behind them of the constants, of each window, `gradient_row` numbers apart.
  float* gradient;
  int64_t gradient_row;

  NT_DEVICE int window_ms() const { return duration - history; }
  NT_DEVICE const float* x_at(int64_t window, int t) const {
    return x + (window * duration + history + t) * features;
  }
};

/// A thread to each output.
NT_DEVICE void heads_forward(const device::Block& block, const HeadsArguments& a) {
  block.each([&](int thread) {
    const int64_t i = block.index * block.threads + thread, row = i / a.outputs;
    if (row >= a.windows * a.window_ms()) return;
    const int o = static_cast<int>(i % a.outputs);
    const float* x = a.x_at(row / a.window_ms(), static_cast<int>(row % a.window_ms()));
    float sum = 0;
    for (int f = 0; f < a.features; ++f) sum += x[f] * a.weight[o * a.features + f];
    a.answer[i] = sum + a.constant[o];
  });
}

/// A block to each window.
NT_DEVICE void heads_backward(const device::Block& block, const HeadsArguments& a) {
  const int ms = a.window_ms();
  const float* given = a.answer_gradient + block.index * ms * a.outputs;
  float* of_x = a.x_gradient + block.index * ms * a.features;
  block.share(ms * a.features, [&](int i) {
    const int t = i / a.features, f = i % a.features;
    float sum = 0;
    for (int o = 0; o < a.outputs; ++o) sum += given[t * a.outputs + o] * a.weight[o * a.features + f];
    of_x[i] = sum;
  });
  float* of_weight = a.gradient + block.index * a.gradient_row;
  const int weights = a.outputs * a.features;
  block.share(weights + a.outputs, [&](int i) {
    const bool is_weight = i < weights;
    const int o = is_weight ? i / a.features : i - weights, f = is_weight ? i % a.features : 0;
    float sum = 0;
    for (int t = 0; t < ms; ++t)
      sum += given[t * a.outputs + o] * (is_weight ? a.x_at(block.index, t)[f] : 1.0f);
    of_weight[i] = sum;
  });
}

/// Between a twin's numbers and its heads as they are read here, HeadsPacking.
struct PackHeadsArguments {
  int64_t count;
  const int64_t* place;  // of each packed number among the twin's
  const float* added;
  const float* number;
  float* packed;
  const float* packed_gradient;
  float* gradient;
};

/// A thread to each.
NT_DEVICE void pack_heads(const device::Block& block, const PackHeadsArguments& a) {
  block.each([&](int thread) {
    const int64_t i = block.index * block.threads + thread;
    if (i < a.count) a.packed[i] = a.number[a.place[i]] + a.added[i];
  });
}
NT_DEVICE void unpack_heads(const device::Block& block, const PackHeadsArguments& a) {
  block.each([&](int thread) {
    const int64_t i = block.index * block.threads + thread;
    if (i < a.count) a.gradient[a.place[i]] = a.packed_gradient[i];
  });
}

struct AddWindowsArguments {
  int64_t windows, count;
  const float* from;  // [window][count]
  float* to;          // [count]
};

/// Sums over all windows, in their order: a thread to each.
NT_DEVICE void add_windows(const device::Block& block, const AddWindowsArguments& a) {
  block.each([&](int thread) {
    const int64_t i = block.index * block.threads + thread;
    if (i >= a.count) return;
    float sum = 0;
    for (int64_t w = 0; w < a.windows; ++w) sum += a.from[w * a.count + i];
    a.to[i] = sum;
  });
}

}  // namespace nt::twin::device_code
