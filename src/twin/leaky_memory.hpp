#pragma once
#include <cmath>
#include <cstdint>

#include "twin/parallel.hpp"

namespace nt::twin {

/// Leaky memory units that a small network writes to ms by ms, as in the "expressive leaky memory" neuron
/// (Spieler, Rahaman, Martius, Schoelkopf and Levina 2024). With m[-1] = 0, or what is handed in,
///   decayed[t] = keep m[t - 1]
///   before[t]  = drive[t] + decayed[t] memory_weight
///   delta[t]   = 1.7159 tanh(2/3 (act(before[t]) delta_weight + delta_bias))
///   m[t]       = decayed[t] + gate delta[t]
/// Only this is done one ms after the other: `drive`, the part of the input, is a product over all ms at
/// once, and so are the gradients of the matrices from what the backward pass leaves behind.
struct LeakyMemoryShape {
  int64_t windows, duration, hidden, units;
};
enum class HiddenActivation : uint8_t { relu, silu };  // silu: x / (1 + exp(-x))

constexpr double kWriteRange = 1.7159, kWriteSlope = 2.0 / 3;

// A write decides at once most of what a unit that forgets slowly will hold: lambda of the published units.
constexpr double kWriteSpeed = 5;

/// Keep and gate of a unit with this time constant.
struct MemoryUnit {
  double keep, gate;

  explicit MemoryUnit(double log_time_constant_ms) {
    const double rate = std::exp(-log_time_constant_ms);  // 1/ms
    keep = std::exp(-rate);
    gate = 1 - std::exp(-kWriteSpeed * rate);
  }
};

template <class T>
struct LeakyMemoryWeights {
  const T* memory_weight;             // [units][hidden]
  const T* delta_weight;              // [hidden][units]
  const T *delta_bias, *keep, *gate;  // [units] each
};

/// Rows of `count` numbers are held so far apart: whole SIMD vectors of this machine.
template <class T>
int64_t padded_row(int64_t count);

/// Signals of the forward pass, [windows][duration][padded_row(hidden or units)], zero in the padding.
template <class T>
struct LeakyMemorySignals {
  T* before;                    // [hidden]; holds the drive when the forward pass begins
  T *decayed, *delta, *memory;  // [units]
  const T* start = nullptr;     // m[-1], [windows][padded_row(units)]; null: 0
};

/// What the backward pass makes of the gradient of `memory`; rows and padding as above.
template <class T>
struct LeakyMemoryGradients {
  T* memory_to_write;  // [units]: gradient of the memory when it begins, then that of (act delta_weight +
                       // bias)
  T* before;           // [hidden], which is the drive's too
  T* hidden;           // [hidden]: not a gradient but act(before), for that of delta_weight
  T* of_units;         // [windows][3][units], without padding: of delta_bias, keep and gate
};

/// For float and double, with SIMD over the units; windows in small groups, which share what is read of the
/// weights and hide each other's latencies, on several threads. Results do not depend on the grouping.
template <class T>
void leaky_memory_forward(const LeakyMemoryShape& shape, HiddenActivation activation,
                          const LeakyMemoryWeights<T>& weights, const LeakyMemorySignals<T>& signals,
                          const Parallel& parallel);
template <class T>
void leaky_memory_backward(const LeakyMemoryShape& shape, HiddenActivation activation,
                           const LeakyMemoryWeights<T>& weights, const LeakyMemorySignals<T>& signals,
                           const LeakyMemoryGradients<T>& gradients, const Parallel& parallel);

}  // namespace nt::twin
