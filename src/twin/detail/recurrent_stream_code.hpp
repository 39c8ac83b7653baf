#pragma once
#ifndef __CUDACC__
#include <cmath>
#endif

#include "device/code.hpp"

// Device code of recurrent twins at work: a stream to each thread, what it remembers side by side with its
// neighbours', and the weights, which all read at the same time, in the block's shared memory.
namespace nt::twin::device_code {

constexpr int kTile = 8;  // columns of a matrix at a time: sums in registers

/// Where what a step reads lies among the weights; rows of matrices are whole tiles, zero behind their end.
struct RecurrentWeights {
  int branches, hidden, units, outputs;

  NT_DEVICE int hidden_row() const { return (hidden + kTile - 1) / kTile * kTile; }
  NT_DEVICE int units_row() const { return (units + kTile - 1) / kTile * kTile; }
  NT_DEVICE int branch() const { return 0; }                                     // [branch][hidden]
  NT_DEVICE int memory() const { return branch() + branches * hidden_row(); }    // [unit][hidden]
  NT_DEVICE int hidden_bias() const { return memory() + units * hidden_row(); }  // [hidden]
  NT_DEVICE int delta() const { return hidden_bias() + hidden_row(); }           // [hidden][unit]
  NT_DEVICE int delta_bias() const { return delta() + hidden * units_row(); }    // [unit]
  NT_DEVICE int keep() const { return delta_bias() + units_row(); }              // [unit]
  NT_DEVICE int gate() const { return keep() + units_row(); }                    // [unit]
  NT_DEVICE int branch_keep() const { return gate() + units_row(); }             // [branch]
  NT_DEVICE int head() const { return branch_keep() + branches; }                // [output][unit]
  NT_DEVICE int head_constant() const { return head() + outputs * units; }       // [output]
  NT_DEVICE int count() const { return head_constant() + outputs; }
};

/// What a spike adds, and to which branch.
struct Contact {
  int32_t branch;
  float weight;
};

struct RecurrentStreamArguments {
  RecurrentWeights shape;
  bool silu;               // of the hidden layer; else relu
  bool weights_in_shared;  // they fit
  int64_t streams;
  int ms;
  const float* weights;
  const int32_t* first_contact;  // [channel + 1]
  const Contact* contact;
  const int64_t* first_event;  // [stream + 1]
  const int32_t* event;        // [event][channel, ms], of each stream in the order of time
  // [row][stream]
  float* sums;     // [branch]
  float* memory;   // [unit]
  float* scratch;  // [hidden_row + units_row]
  float* output;   // [ms][output][stream]
};

NT_DEVICE float logistic(float x) {
  const float most = -x < 80.0f ? -x : 80.0f;  // exp(80) is finite, and 1 / (1 + exp(80)) nothing beside one
  return 1.0f / (1.0f + expf(most));
}
/// 1.7159 tanh(2/3 u): tanh z = 2 logistic(2 z) - 1
NT_DEVICE float written(float u) {
  return 2 * 1.7159f * logistic(u * static_cast<float>(4.0 / 3)) - 1.7159f;
}
NT_DEVICE float activated(float x, bool silu) {
  return silu ? x * logistic(x) : x > 0 ? x : 0;
}

/// sum[c] += x[r] weight[r][c] over all rows; numbers of x lie `stride` apart.
NT_DEVICE void add_product(const float* x, int64_t stride, int rows, const float* weight, int row,
                           float* sum) {
  for (int r = 0; r < rows; ++r, x += stride, weight += row) {
    const float factor = *x;
#ifdef __CUDACC__
#pragma unroll
#endif
    for (int c = 0; c < kTile; ++c) sum[c] += factor * weight[c];
  }
}

/// All ms of one stream.
NT_DEVICE void advance_stream(const RecurrentStreamArguments& a, const float* w, int64_t stream) {
  const RecurrentWeights& s = a.shape;
  const int64_t stride = a.streams;
  const int hidden_row = s.hidden_row(), units_row = s.units_row();
  float* sums = a.sums + stream;
  float* memory = a.memory + stream;
  float* hidden = a.scratch + stream;
  float* decayed = hidden + hidden_row * stride;
  int64_t event = a.first_event[stream];
  const int64_t last = a.first_event[stream + 1];
  for (int t = 0; t < a.ms; ++t) {
    for (int b = 0; b < s.branches; ++b) sums[b * stride] *= w[s.branch_keep() + b];
    for (; event < last && a.event[2 * event + 1] <= t; ++event) {
      const int channel = a.event[2 * event];
      for (int32_t k = a.first_contact[channel]; k < a.first_contact[channel + 1]; ++k)
        sums[a.contact[k].branch * stride] += a.contact[k].weight;
    }
    for (int u = 0; u < s.units; ++u) decayed[u * stride] = w[s.keep() + u] * memory[u * stride];
    for (int first = 0; first < hidden_row; first += kTile) {
      float sum[kTile] = {};
      add_product(sums, stride, s.branches, w + s.branch() + first, hidden_row, sum);
      for (int c = 0; c < kTile; ++c) sum[c] += w[s.hidden_bias() + first + c];
      add_product(decayed, stride, s.units, w + s.memory() + first, hidden_row, sum);
      for (int c = 0; c < kTile; ++c) hidden[(first + c) * stride] = activated(sum[c], a.silu);
    }
    for (int first = 0; first < units_row; first += kTile) {
      float sum[kTile];
      for (int c = 0; c < kTile; ++c) sum[c] = w[s.delta_bias() + first + c];
      add_product(hidden, stride, s.hidden, w + s.delta() + first, units_row, sum);
      for (int c = 0; c < kTile && first + c < s.units; ++c) {
        const int u = first + c;
        memory[u * stride] = decayed[u * stride] + w[s.gate() + u] * written(sum[c]);
      }
    }
    for (int o = 0; o < s.outputs; ++o) {
      float sum = w[s.head_constant() + o];
      for (int u = 0; u < s.units; ++u) sum += memory[u * stride] * w[s.head() + o * s.units + u];
      a.output[(static_cast<int64_t>(t) * s.outputs + o) * stride + stream] = sum;
    }
  }
}

NT_DEVICE void recurrent_stream(const device::Block& block, const RecurrentStreamArguments& a) {
  float* shared = static_cast<float*>(block.shared);
  if (a.weights_in_shared) block.share(a.shape.count(), [&](int i) { shared[i] = a.weights[i]; });
  const float* w = a.weights_in_shared ? shared : a.weights;
  block.each([&](int thread) {
    const int64_t stream = block.index * block.threads + thread;
    if (stream < a.streams) advance_stream(a, w, stream);
  });
}

}  // namespace nt::twin::device_code
