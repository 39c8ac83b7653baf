#pragma once
#include "twin/arena.hpp"
#include "twin/recurrent.hpp"

namespace nt::twin {

/// The passes of a recurrent twin. Its drive are the branches' sums, over history and window.
template <class T>
class RecurrentNetwork final : public Network<T> {
 public:
  RecurrentNetwork(const RecurrentSpec& spec, const ParameterLayout& layout);

  int64_t drive_ms(int64_t window_ms) const override { return spec_.history_ms + window_ms; }
  int64_t drive_width() const override { return spec_.wiring.branches; }
  void plan(int64_t windows, int64_t window_ms, bool backward) override;
  T* drive(const T* numbers, const SpikeWindows& input, const Parallel& parallel) override;
  T* drive_buffer() override { return sums_; }
  const T* above(T* numbers, NormBy norm, const Parallel& parallel) override;
  const T* above_backward(const T* numbers, T* feature_gradient, T* gradients,
                          const Parallel& parallel) override;
  void drive_backward(const T* numbers, const SpikeWindows& input, const T* drive_gradient, T* gradients,
                      const Parallel& parallel) override;
  std::vector<double> spike_gradients(const T* numbers, const SpikeWindows& input,
                                      std::span<const T> drive_gradient) const override;
  std::vector<HiddenSignal<T>> hidden() const override;
  std::unique_ptr<NetworkStream<T>> stream(const T* numbers, int64_t streams,
                                           const Parallel& parallel) const override;

 private:
  /// Where the arrays lie.
  struct Places {
    int64_t synapse, branch, memory, hidden_bias, delta, delta_bias, log_time_constant;
  };
  /// What follows from the numbers: rows as the kernels hold them, and what a unit keeps and takes in.
  struct Prepared {
    T *branch_weight = nullptr, *hidden_bias = nullptr;  // [branch][padded hidden], [padded hidden]
    T *keep = nullptr, *gate = nullptr;                  // [unit]
  };
  void plan_prepared(Arena& arena, Prepared& prepared) const;
  void prepare(const T* numbers, const Prepared& prepared) const;
  /// What a unit keeps from ms to ms, and takes in.
  void time_constants(const T* numbers, T* keep, T* gate) const;
  LeakyMemoryWeights<T> memory_weights(const T* numbers, const Prepared& prepared) const;
  /// From the branches' sums to the memory.
  void forward(const T* numbers, const Prepared& prepared, const LeakyMemoryShape& shape, const T* sums,
               const LeakyMemorySignals<T>& signals, const Parallel& parallel) const;

  RecurrentSpec spec_;
  Places places_;
  int64_t units_row_, hidden_row_;  // padded
  std::vector<T> branch_keep_;
  Arena arena_;
  int64_t windows_ = 0, window_ms_ = 0;
  Prepared prepared_;
  T *sums_ = nullptr, *result_ = nullptr;
  LeakyMemorySignals<T> signals_{};
  LeakyMemoryGradients<T> gradients_{};
  T *sums_gradient_ = nullptr, *matrix_ = nullptr;
};

}  // namespace nt::twin
