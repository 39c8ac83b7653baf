#pragma once
#include "device/code.hpp"

// Device code of convolutional twins at work: eight streams to a block, whose threads share the features of a
// layer and read each weight once for all eight.
namespace nt::twin::device_code {

constexpr int kSide = 8;  // streams of a block

/// A layer. What it remembers of each stream lies in a ring of rows, one for each ms, at `ring` in the state.
struct ConvolutionalLayer {
  int taps, inputs, features, dilation;
  bool adds_input;
  const float* weight;           // [tap][input][feature]; of the first layer [channel][tap or shape][feature]
  const float* bias;             // [feature]
  const float *factor, *offset;  // of normalisation, [feature]; null: none
  int rows;                      // of the ring
  int64_t ring;  // first number of [row][input][stream]; of the first layer [row][shape][feature][stream]
};

struct ConvolutionalStreamArguments {
  int layers, shapes, width, outputs,
      ms;  // shapes: of the first layer's filters; 0: free taps. width: most features
  bool relu;
  int64_t streams, now;  // ms since the stream began
  const ConvolutionalLayer* layer;
  const float *keep, *ended;  // [shape]: what an exponential keeps, and what of it is left after the taps
  const float *head, *head_constant;  // [output][feature], [output]
  const int64_t* first_event;         // [stream + 1]
  const int32_t* event;               // [event][channel, ms], of each stream in the order of time
  int64_t* next_event;                // [stream]
  float* state;                       // [block][state_count]
  int64_t state_count, sums;          // where the exponentials' sums begin, [shape][feature][stream]
  float* output;                      // [ms][output][stream]
};

/// One block of streams, at one ms.
struct ConvolutionalMs {
  const device::Block& block;
  const ConvolutionalStreamArguments& a;
  float* state;
  int t, streams;
  int64_t first_stream, now;

  NT_DEVICE float* row(const ConvolutionalLayer& l, int64_t at, int width) const {
    return state + l.ring + at % l.rows * width * kSide;
  }
  NT_DEVICE float after(const ConvolutionalLayer& l, int f, float x) const {
    x += l.bias[f];
    if (a.relu && !(x > 0)) x = 0;
    return l.factor != nullptr ? x * l.factor[f] + l.offset[f] : x;
  }
  /// add(stream, the spike's channel) for the spikes of this ms.
  template <class Add>
  NT_DEVICE void for_each_spike(Add&& add) const {
    for (int s = 0; s < streams; ++s) {
      const int64_t stream = first_stream + s, last = a.first_event[stream + 1];
      for (int64_t e = a.next_event[stream]; e < last && a.event[2 * e + 1] <= t; ++e) add(s, a.event[2 * e]);
    }
  }

  /// The first layer with free taps: a spike adds its filter to what the layer will say.
  NT_DEVICE void free_taps(const ConvolutionalLayer& l, float* x) const {
    block.share(l.features, [&](int f) {
      for_each_spike([&](int s, int channel) {
        for (int k = 0; k < l.taps; ++k)
          row(l, now + k, l.features)[f * kSide + s] +=
              l.weight[(static_cast<int64_t>(channel) * l.taps + k) * l.features + f];
      });
      float* said = row(l, now, l.features) + f * kSide;
      for (int s = 0; s < kSide; ++s) {
        x[f * kSide + s] = after(l, f, said[s]);
        said[s] = 0;
      }
    });
  }
  /// The first layer with filters that are sums of exponentials.
  NT_DEVICE void exponentials(const ConvolutionalLayer& l, float* x) const {
    const int width = a.shapes * l.features;
    block.share(l.features, [&](int f) {
      float sum[kSide] = {};
      for (int e = 0; e < a.shapes; ++e) {
        float arriving[kSide] = {};
        for_each_spike([&](int s, int channel) {
          arriving[s] += l.weight[(static_cast<int64_t>(channel) * a.shapes + e) * l.features + f];
        });
        const int at = (e * l.features + f) * kSide;
        float* leaving = row(l, now, width) + at;
        float* carried = state + a.sums + at;
        for (int s = 0; s < kSide; ++s) {
          carried[s] = a.keep[e] * carried[s] + arriving[s] - a.ended[e] * leaving[s];
          leaving[s] = arriving[s];
          sum[s] += carried[s];
        }
      }
      for (int s = 0; s < kSide; ++s) x[f * kSide + s] = after(l, f, sum[s]);
    });
  }

  NT_DEVICE void deeper(const ConvolutionalLayer& l, const float* last, float* x) const {
    float* newest = row(l, now, l.inputs);
    block.share(l.inputs * kSide, [&](int i) { newest[i] = last[i]; });
    block.share(l.features, [&](int f) {
      float sum[kSide] = {};
      for (int j = 0; j < l.taps; ++j) {
        const int64_t ago = static_cast<int64_t>(l.taps - 1 - j) * l.dilation;
        const float* in = row(l, now % l.rows + l.rows - ago, l.inputs);
        const float* weight = l.weight + static_cast<int64_t>(j) * l.inputs * l.features + f;
        for (int i = 0; i < l.inputs; ++i, in += kSide, weight += l.features)
          for (int s = 0; s < kSide; ++s) sum[s] += in[s] * *weight;
      }
      for (int s = 0; s < kSide; ++s)
        x[f * kSide + s] = after(l, f, sum[s]) + (l.adds_input ? last[f * kSide + s] : 0);
    });
  }

  NT_DEVICE void answer(const float* x, int features) const {
    block.share(a.outputs * streams, [&](int i) {
      const int o = i / streams, s = i % streams;
      float sum = a.head_constant[o];
      for (int f = 0; f < features; ++f) sum += x[f * kSide + s] * a.head[o * features + f];
      a.output[(static_cast<int64_t>(t) * a.outputs + o) * a.streams + first_stream + s] = sum;
    });
  }
  NT_DEVICE void move_on() const {
    block.share(streams, [&](int s) {
      int64_t& next = a.next_event[first_stream + s];
      const int64_t last = a.first_event[first_stream + s + 1];
      while (next < last && a.event[2 * next + 1] <= t) ++next;
    });
  }
};

/// Shared memory: two layers' features, [width][stream] each.
NT_DEVICE void convolutional_stream(const device::Block& block, const ConvolutionalStreamArguments& a) {
  float* x = static_cast<float*>(block.shared);
  float* last = x + a.width * kSide;
  const int64_t first = block.index * kSide;
  const int streams = static_cast<int>(a.streams - first < kSide ? a.streams - first : kSide);
  for (int t = 0; t < a.ms; ++t) {
    const ConvolutionalMs now{block, a, a.state + block.index * a.state_count, t, streams, first, a.now + t};
    for (int i = 0; i < a.layers; ++i) {
      if (i > 0)
        now.deeper(a.layer[i], last, x);
      else if (a.shapes > 0)
        now.exponentials(a.layer[i], x);
      else
        now.free_taps(a.layer[i], x);
      float* swapped = x;
      x = last;
      last = swapped;
    }
    now.answer(last, a.layer[a.layers - 1].features);
    now.move_on();
  }
}

}  // namespace nt::twin::device_code
