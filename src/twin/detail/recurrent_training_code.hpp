#pragma once
#include "twin/detail/recurrent_stream_code.hpp"

// Device code of the passes of recurrent twins over windows: a block has a window, its threads share units,
// branches and contacts, and the loop over time is inside the kernel. No sum depends on which thread comes
// first.
namespace nt::twin::device_code {

/// Events and contacts, for the drive and its gradient.
struct DriveArguments {
  int branches, channels, contacts;
  int duration;                   // ms of each window, history included
  const int64_t* first_event;     // [window + 1]
  const int32_t* event;           // [event][channel, ms], of each window in the order of time
  const float* branch_keep;       // [branch]
  const float* weight;            // [contact]
  const int32_t* contact_branch;  // [contact]
  const int32_t* contact_channel;
  const int32_t* first_of_branch;  // [branch + 1], among:
  const int32_t* of_branch;        // contacts, branch by branch
  float* sums;                     // [window][ms][branch]
  const float* sums_gradient;      // the same
  float* gradient;                 // [contact], of each window, `gradient_row` numbers apart
  int64_t gradient_row;
};

/// From the drive to the memory, and back.
struct MemoryArguments {
  RecurrentWeights shape;
  bool silu, weights_in_shared;
  int duration, history;
  const float* weights;
  // [window][ms][..]
  const float* sums;
  float *before, *decayed, *delta, *memory;  // [hidden], [unit] each
  // The gradients of the memory after the history, [window][ms - history][unit], and of the sums.
  const float* memory_gradient;
  float* sums_gradient;
  // Laid out as the weights are, of each window, `gradient_row` numbers apart; those of heads are not
  // written.
  float* gradient;
  int64_t gradient_row;
};

/// Which channels spike in a ms, in shared memory.
struct Spikes {
  const DriveArguments& a;
  int32_t* count;  // [channel]

  /// Those of the events from `first` on that come at `t` are noted. Returns the first that comes later.
  NT_DEVICE int64_t note(const device::Block& block, int64_t first, int64_t last, int t) const {
    int64_t end = first;
    while (end < last && a.event[2 * end + 1] == t) ++end;
    block.share(static_cast<int>(end - first),
                [&](int i) { device::add_together(count[a.event[2 * (first + i)]], 1); });
    return end;
  }
  NT_DEVICE void forget(const device::Block& block, int64_t first, int64_t last) const {
    block.share(static_cast<int>(last - first), [&](int i) { count[a.event[2 * (first + i)]] = 0; });
  }
};

/// Shared memory: [branch] sums, [channel] counts.
NT_DEVICE void recurrent_drive(const device::Block& block, const DriveArguments& a) {
  auto* sum = static_cast<float*>(block.shared);
  const Spikes spikes{a, reinterpret_cast<int32_t*>(sum + a.branches)};
  block.share(a.branches, [&](int b) { sum[b] = 0; });
  block.share(a.channels, [&](int c) { spikes.count[c] = 0; });
  int64_t event = a.first_event[block.index];
  const int64_t last = a.first_event[block.index + 1];
  float* to = a.sums + block.index * a.duration * a.branches;
  for (int t = 0; t < a.duration; ++t, to += a.branches) {
    const int64_t next = spikes.note(block, event, last, t);
    block.share(a.branches, [&](int b) {
      float now = a.branch_keep[b] * sum[b];
      if (next > event)
        for (int32_t i = a.first_of_branch[b]; i < a.first_of_branch[b + 1]; ++i) {
          const int32_t k = a.of_branch[i], n = spikes.count[a.contact_channel[k]];
          if (n > 0) now += static_cast<float>(n) * a.weight[k];
        }
      sum[b] = now;
      to[b] = now;
    });
    spikes.forget(block, event, next);
    event = next;
  }
}

/// Gradients of the contacts' weights. Shared memory: [branch] what an arrival does from then on, [channel]
/// counts.
NT_DEVICE void recurrent_synapses(const device::Block& block, const DriveArguments& a) {
  auto* reached = static_cast<float*>(block.shared);
  const Spikes spikes{a, reinterpret_cast<int32_t*>(reached + a.branches)};
  float* gradient = a.gradient + block.index * a.gradient_row;
  block.share(a.branches, [&](int b) { reached[b] = 0; });
  block.share(a.channels, [&](int c) { spikes.count[c] = 0; });
  block.share(a.contacts, [&](int k) { gradient[k] = 0; });
  const int64_t first = a.first_event[block.index];
  int64_t end = a.first_event[block.index + 1];
  for (int t = a.duration - 1; t >= 0; --t) {
    const float* given = a.sums_gradient + (block.index * a.duration + t) * a.branches;
    while (end > first && a.event[2 * end - 1] > t) --end;  // what comes after the window
    int64_t begin = end;
    while (begin > first && a.event[2 * begin - 1] == t) --begin;
    spikes.note(block, begin, end, t);
    block.share(a.branches, [&](int b) { reached[b] = given[b] + a.branch_keep[b] * reached[b]; });
    if (end > begin)
      block.share(a.contacts, [&](int k) {
        const int32_t n = spikes.count[a.contact_channel[k]];
        if (n > 0) gradient[k] += static_cast<float>(n) * reached[a.contact_branch[k]];
      });
    spikes.forget(block, begin, end);
    end = begin;
  }
}

/// The weights where they are read from: shared memory if they fit, and what of it is free behind them.
struct Weights {
  const float* at;
  float* free;
};
NT_DEVICE Weights weights_of(const device::Block& block, const MemoryArguments& a) {
  auto* shared = static_cast<float*>(block.shared);
  if (!a.weights_in_shared) return {a.weights, shared};
  const int count = a.shape.count();
  block.share(count, [&](int i) { shared[i] = a.weights[i]; });
  return {shared, shared + count};
}

/// Shared memory: the weights; [branch] sums, [unit] decayed, memory, [hidden] activity.
NT_DEVICE void recurrent_forward(const device::Block& block, const MemoryArguments& a) {
  const RecurrentWeights& s = a.shape;
  const auto [w, free] = weights_of(block, a);
  float* sums = free;
  float* decayed = sums + s.branches;
  float* memory = decayed + s.units;
  float* active = memory + s.units;
  block.share(s.units, [&](int u) { memory[u] = 0; });
  for (int t = 0; t < a.duration; ++t) {
    const int64_t row = block.index * a.duration + t;
    block.share(s.branches + s.units, [&](int i) {
      if (i < s.branches) {
        sums[i] = a.sums[row * s.branches + i];
      } else {
        const int u = i - s.branches;
        decayed[u] = w[s.keep() + u] * memory[u];
        a.decayed[row * s.units + u] = decayed[u];
      }
    });
    block.share(s.hidden, [&](int h) {
      float sum = 0;
      for (int b = 0; b < s.branches; ++b) sum += sums[b] * w[s.branch() + b * s.hidden_row() + h];
      sum += w[s.hidden_bias() + h];
      for (int u = 0; u < s.units; ++u) sum += decayed[u] * w[s.memory() + u * s.hidden_row() + h];
      a.before[row * s.hidden + h] = sum;
      active[h] = activated(sum, a.silu);
    });
    block.share(s.units, [&](int u) {
      float sum = w[s.delta_bias() + u];
      for (int h = 0; h < s.hidden; ++h) sum += active[h] * w[s.delta() + h * s.units_row() + u];
      const float delta = written(sum);
      memory[u] = decayed[u] + w[s.gate() + u] * delta;
      a.delta[row * s.units + u] = delta;
      a.memory[row * s.units + u] = memory[u];
    });
  }
}

/// The derivative of activated().
NT_DEVICE float activation_slope(float x, bool silu) {
  if (!silu) return x > 0 ? 1.0f : 0.0f;
  const float chance = logistic(x);
  return chance * (1 + x * (1 - chance));
}

/// Shared memory: the weights; [unit] carried, of the memory, of the write; [hidden] activity, of what is
/// before it.
NT_DEVICE void recurrent_backward(const device::Block& block, const MemoryArguments& a) {
  const RecurrentWeights& s = a.shape;
  const auto [w, free] = weights_of(block, a);
  float* carried = free;
  float* of_memory = carried + s.units;
  float* of_write = of_memory + s.units;
  float* active = of_write + s.units;
  float* of_before = active + s.hidden;
  float* gradient = a.gradient + block.index * a.gradient_row;
  block.share(s.head(), [&](int i) { gradient[i] = 0; });
  block.share(s.units, [&](int u) { carried[u] = 0; });
  for (int t = a.duration - 1; t >= 0; --t) {
    const int64_t row = block.index * a.duration + t;
    const int64_t given = block.index * (a.duration - a.history) + t - a.history;
    block.share(s.units, [&](int u) {
      const float delta = a.delta[row * s.units + u];
      of_memory[u] = carried[u] + (t >= a.history ? a.memory_gradient[given * s.units + u] : 0);
      const float part = delta / 1.7159f;
      of_write[u] = of_memory[u] * w[s.gate() + u] * static_cast<float>(1.7159 * 2 / 3) * (1 - part * part);
      gradient[s.gate() + u] += of_memory[u] * delta;
      gradient[s.delta_bias() + u] += of_write[u];
    });
    block.share(s.hidden, [&](int h) {
      const float before = a.before[row * s.hidden + h];
      float sum = 0;
      for (int u = 0; u < s.units; ++u) sum += w[s.delta() + h * s.units_row() + u] * of_write[u];
      active[h] = activated(before, a.silu);
      of_before[h] = sum * activation_slope(before, a.silu);
      gradient[s.hidden_bias() + h] += of_before[h];
    });
    block.share(s.branches + s.units, [&](int i) {
      const bool is_branch = i < s.branches;
      const int u = i - s.branches;
      const float* weight =
          w + (is_branch ? s.branch() + i * s.hidden_row() : s.memory() + u * s.hidden_row());
      float sum = 0;
      for (int h = 0; h < s.hidden; ++h) sum += weight[h] * of_before[h];
      if (is_branch) {
        a.sums_gradient[row * s.branches + i] = sum;
      } else {
        const float of_decayed = of_memory[u] + sum;
        const float last = t > 0 ? a.memory[(row - 1) * s.units + u] : 0;
        gradient[s.keep() + u] += of_decayed * last;
        carried[u] = w[s.keep() + u] * of_decayed;
      }
    });
    block.share((s.branches + 2 * s.units) * s.hidden, [&](int i) {
      const int row_of_matrix = i / s.hidden, h = i % s.hidden;
      if (row_of_matrix < s.branches) {
        gradient[s.branch() + row_of_matrix * s.hidden_row() + h] +=
            a.sums[row * s.branches + row_of_matrix] * of_before[h];
      } else if (row_of_matrix < s.branches + s.units) {
        const int u = row_of_matrix - s.branches;
        gradient[s.memory() + u * s.hidden_row() + h] += a.decayed[row * s.units + u] * of_before[h];
      } else {
        const int u = row_of_matrix - s.branches - s.units;
        gradient[s.delta() + h * s.units_row() + u] += active[h] * of_write[u];
      }
    });
  }
}

}  // namespace nt::twin::device_code
