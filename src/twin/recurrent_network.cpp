#include "twin/detail/recurrent_network.hpp"

#include <algorithm>
#include <cmath>

#include "twin/activation_norm.hpp"
#include "twin/detail/causal_convolution.hpp"
#include "twin/detail/recurrent_stream.hpp"

namespace nt::twin {
namespace {

/// Rows of `count` numbers from rows of another length, zero beyond these.
template <class T>
void copy_rows(const T* from, int64_t rows, int64_t from_row, int64_t count, T* to, int64_t to_row) {
  for (int64_t r = 0; r < rows; ++r) {
    std::copy_n(from + r * from_row, count, to + r * to_row);
    std::fill_n(to + r * to_row + count, to_row - count, T(0));
  }
}

}  // namespace

template <class T>
RecurrentNetwork<T>::RecurrentNetwork(const RecurrentSpec& spec, const ParameterLayout& layout)
    : spec_(spec),
      units_row_(padded_row<T>(spec.memory_units)),
      hidden_row_(padded_row<T>(spec.hidden_units())) {
  const auto at = [&](const char* name) { return layout.offset(std::string("recurrent.") + name); };
  for (const double keep : spec.branch_keep()) branch_keep_.push_back(static_cast<T>(keep));
  places_ = {at("synapse_weight"), at("branch_weight"), at("memory_weight"),    at("hidden_bias"),
             at("delta_weight"),   at("delta_bias"),    at("log_time_constant")};
}

template <class T>
void RecurrentNetwork<T>::plan_prepared(Arena& arena, Prepared& p) const {
  p.branch_weight = arena.take<T>(spec_.wiring.branches * hidden_row_);
  p.hidden_bias = arena.take<T>(hidden_row_);
  p.keep = arena.take<T>(spec_.memory_units);
  p.gate = arena.take<T>(spec_.memory_units);
}

template <class T>
void RecurrentNetwork<T>::prepare(const T* numbers, const Prepared& p) const {
  const int64_t hidden = spec_.hidden_units();
  copy_rows(numbers + places_.branch, spec_.wiring.branches, hidden, hidden, p.branch_weight, hidden_row_);
  copy_rows(numbers + places_.hidden_bias, 1, hidden, hidden, p.hidden_bias, hidden_row_);
  time_constants(numbers, p.keep, p.gate);
}

template <class T>
void RecurrentNetwork<T>::time_constants(const T* numbers, T* keep, T* gate) const {
  for (int64_t i = 0; i < spec_.memory_units; ++i) {
    const MemoryUnit unit(static_cast<double>(numbers[places_.log_time_constant + i]));
    keep[i] = static_cast<T>(unit.keep);
    gate[i] = static_cast<T>(unit.gate);
  }
}

template <class T>
LeakyMemoryWeights<T> RecurrentNetwork<T>::memory_weights(const T* numbers, const Prepared& p) const {
  return {numbers + places_.memory, numbers + places_.delta, numbers + places_.delta_bias, p.keep, p.gate};
}

template <class T>
void RecurrentNetwork<T>::plan(int64_t windows, int64_t window_ms, bool backward) {
  windows_ = windows;
  window_ms_ = window_ms;
  const int64_t rows = windows * drive_ms(window_ms), units = spec_.memory_units,
                branches = spec_.wiring.branches;
  arena_.plan([&](Arena& arena) {
    plan_prepared(arena, prepared_);
    sums_ = arena.take<T>(rows * branches);
    signals_.before = arena.take<T>(rows * hidden_row_);
    for (T** signal : {&signals_.decayed, &signals_.delta, &signals_.memory})
      *signal = arena.take<T>(rows * units_row_);
    result_ = arena.take<T>(windows * window_ms * units);
    if (!backward) return;
    gradients_.memory_to_write = arena.take<T>(rows * units_row_);
    gradients_.before = arena.take<T>(rows * hidden_row_);
    gradients_.hidden = arena.take<T>(rows * hidden_row_);
    gradients_.of_units = arena.take<T>(windows * 3 * units);
    sums_gradient_ = arena.take<T>(rows * branches);
    matrix_ = arena.take<T>(std::max(branches, std::max(units_row_, hidden_row_)) * hidden_row_);
  });
}

template <class T>
T* RecurrentNetwork<T>::drive(const T* numbers, const SpikeWindows& input, const Parallel& parallel) {
  branch_sums_forward<T>({windows_, drive_ms(window_ms_)}, spec_.wiring, input.events, branch_keep_.data(),
                         numbers + places_.synapse, nullptr, sums_, parallel);
  return sums_;
}

template <class T>
void RecurrentNetwork<T>::forward(const T* numbers, const Prepared& p, const LeakyMemoryShape& s,
                                  const T* sums, const LeakyMemorySignals<T>& signals,
                                  const Parallel& parallel) const {
  causal_convolution_forward<T>({s.windows, s.duration, 1, spec_.wiring.branches, hidden_row_}, sums,
                                p.branch_weight, signals.before, 0, parallel);
  activate<T>({s.windows * s.duration, hidden_row_}, false, p.hidden_bias, signals.before, nullptr, nullptr,
              parallel);
  leaky_memory_forward(s, spec_.activation, memory_weights(numbers, p), signals, parallel);
}

template <class T>
const T* RecurrentNetwork<T>::above(T* numbers, NormBy, const Parallel& parallel) {
  const int64_t duration = drive_ms(window_ms_), units = spec_.memory_units;
  prepare(numbers, prepared_);
  forward(numbers, prepared_, {windows_, duration, spec_.hidden_units(), units}, sums_, signals_, parallel);
  for (int64_t w = 0; w < windows_; ++w)
    copy_rows(signals_.memory + (w * duration + spec_.history_ms) * units_row_, window_ms_, units_row_, units,
              result_ + w * window_ms_ * units, units);
  return result_;
}

template <class T>
const T* RecurrentNetwork<T>::above_backward(const T* numbers, T* feature_gradient, T* gradients,
                                             const Parallel& parallel) {
  const int64_t duration = drive_ms(window_ms_), units = spec_.memory_units, hidden = spec_.hidden_units(),
                branches = spec_.wiring.branches, history = spec_.history_ms;
  T* write = gradients_.memory_to_write;
  for (int64_t w = 0; w < windows_; ++w) {
    T* of_window = write + w * duration * units_row_;
    std::fill_n(of_window, history * units_row_, T(0));
    copy_rows(feature_gradient + w * window_ms_ * units, window_ms_, units, units,
              of_window + history * units_row_, units_row_);
  }
  leaky_memory_backward({windows_, duration, hidden, units}, spec_.activation,
                        memory_weights(numbers, prepared_), signals_, gradients_, parallel);
  causal_convolution_input_gradient<T>({windows_, duration, 1, branches, hidden_row_}, gradients_.before,
                                       prepared_.branch_weight, sums_gradient_, 0, parallel);
  if (gradients == nullptr) return sums_gradient_;

  /// Of a matrix that turned rows of `from` into such whose gradient is `to`.
  const auto matrix = [&](const T* from, int64_t from_row, int64_t rows, const T* to, int64_t to_row,
                          int64_t columns, int64_t place) {
    causal_convolution_weight_gradient<T>({windows_, duration, 1, from_row, to_row}, from, to, matrix_, 0,
                                          parallel);
    copy_rows(matrix_, rows, to_row, columns, gradients + place, columns);
  };
  matrix(sums_, branches, branches, gradients_.before, hidden_row_, hidden, places_.branch);
  matrix(signals_.decayed, units_row_, units, gradients_.before, hidden_row_, hidden, places_.memory);
  matrix(gradients_.hidden, hidden_row_, hidden, write, units_row_, units, places_.delta);

  std::vector<double> bias(hidden_row_), none(bias.size());
  const std::vector<T> zeros(bias.size(), T(0));
  gradient_sums<T>({windows_ * duration, hidden_row_}, gradients_.before, signals_.before, zeros.data(),
                   bias.data(), none.data(), parallel);
  for (int64_t i = 0; i < hidden; ++i) gradients[places_.hidden_bias + i] = static_cast<T>(bias[i]);
  for (int64_t i = 0; i < units; ++i) {
    T of_bias = 0, of_keep = 0, of_gate = 0;
    for (int64_t w = 0; w < windows_; ++w) {
      const T* of_units = gradients_.of_units + w * 3 * units;
      of_bias += of_units[i];
      of_keep += of_units[units + i];
      of_gate += of_units[2 * units + i];
    }
    gradients[places_.delta_bias + i] = of_bias;
    if (!spec_.learn_time_constants) continue;
    // With rate = exp(-log tau): keep = exp(-rate), gate = 1 - exp(-speed rate).
    const double rate = std::exp(-static_cast<double>(numbers[places_.log_time_constant + i]));
    gradients[places_.log_time_constant + i] =
        static_cast<T>(rate * (std::exp(-rate) * static_cast<double>(of_keep) -
                               kWriteSpeed * std::exp(-kWriteSpeed * rate) * static_cast<double>(of_gate)));
  }
  return sums_gradient_;
}

template <class T>
void RecurrentNetwork<T>::drive_backward(const T*, const SpikeWindows& input, const T* drive_gradient,
                                         T* gradients, const Parallel& parallel) {
  branch_sums_weight_gradient({windows_, drive_ms(window_ms_)}, spec_.wiring, input.events,
                              branch_keep_.data(), drive_gradient, gradients + places_.synapse, parallel);
}

template <class T>
std::vector<double> RecurrentNetwork<T>::spike_gradients(const T* numbers, const SpikeWindows& input,
                                                         std::span<const T> drive_gradient) const {
  const auto& wiring = spec_.wiring;
  const auto keep = spec_.branch_keep();
  const auto row = static_cast<size_t>(wiring.branches),
             duration = static_cast<size_t>(drive_ms(input.window_ms));
  // What a spike's arrival on a branch does from then on.
  std::vector<double> reached(drive_gradient.begin(), drive_gradient.end());
  for (size_t w = 0; w < static_cast<size_t>(input.windows); ++w) {
    for (size_t t = duration - 1; t-- > 0;) {
      for (size_t b = 0; b < row; ++b)
        reached[(w * duration + t) * row + b] += keep[b] * reached[(w * duration + t + 1) * row + b];
    }
  }
  std::vector<double> of_spike;
  for (size_t e = 0; e + 2 < input.events.size(); e += 3) {
    const auto channel = static_cast<size_t>(input.events[e + 1]);
    const int64_t time = input.events[e + 2];
    double sum = 0;
    if (time >= 0 && time < static_cast<int64_t>(duration)) {
      const double* now =
          &reached[(static_cast<size_t>(input.events[e]) * duration + static_cast<size_t>(time)) * row];
      for (auto k = static_cast<size_t>(wiring.first[channel]);
           k < static_cast<size_t>(wiring.first[channel + 1]); ++k)
        sum +=
            static_cast<double>(numbers[places_.synapse + static_cast<int64_t>(k)]) * now[wiring.branch[k]];
    }
    of_spike.push_back(sum);
  }
  return of_spike;
}

template <class T>
std::vector<HiddenSignal<T>> RecurrentNetwork<T>::hidden() const {
  const int64_t count = windows_ * window_ms_ * spec_.memory_units;
  return {{"memory", spec_.memory_units, std::vector<T>(result_, result_ + count)}};
}

template <class T>
std::unique_ptr<NetworkStream<T>> RecurrentNetwork<T>::stream(const T* numbers, int64_t streams,
                                                              const Parallel& parallel) const {
  const auto units = static_cast<size_t>(spec_.memory_units);
  typename RecurrentStream<T>::Weights weights{numbers + places_.synapse, numbers + places_.branch,
                                               numbers + places_.memory,  numbers + places_.hidden_bias,
                                               numbers + places_.delta,   numbers + places_.delta_bias,
                                               std::vector<T>(units),     std::vector<T>(units)};
  time_constants(numbers, weights.keep.data(), weights.gate.data());
  return std::make_unique<RecurrentStream<T>>(spec_, weights, streams, parallel);
}

template class RecurrentNetwork<float>;
template class RecurrentNetwork<double>;

}  // namespace nt::twin
