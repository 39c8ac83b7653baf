#pragma once
#include "twin/arena.hpp"
#include "twin/detail/memory_step.hpp"
#include "twin/recurrent.hpp"

namespace nt::twin {

/// A recurrent twin's passes over input that goes on: what is kept are the branches' sums and the memory.
template <class T>
class RecurrentStream final : public NetworkStream<T> {
 public:
  /// Rows of the twin's own arrays, [branch][hidden] and so on.
  struct Weights {
    const T *synapse, *branch, *memory, *hidden_bias, *delta, *delta_bias;
    std::vector<T> keep, gate;
  };
  RecurrentStream(const RecurrentSpec& spec, const Weights& weights, int64_t streams,
                  const Parallel& parallel);

  void advance(const SpikeWindows& spikes, const HeadsLayer<T>& heads, T* outputs,
               const Parallel& parallel) override;
  std::vector<T> state(int64_t stream) const override;
  void set_state(int64_t stream, std::span<const T> state) override;

 private:
  /// Numbers of a group of streams: [row][lane].
  struct Group {
    T *arriving = nullptr, *sums = nullptr, *memory = nullptr, *scratch = nullptr;
  };
  void take_contacts();
  void take_heads(const HeadsLayer<T>& heads);
  void advance(const SpikeWindows& spikes, T* outputs, const Parallel& parallel);
  void sort_by_time(const SpikeWindows& spikes);
  void advance_group(int64_t group, int64_t ms, T* outputs);

  const RecurrentSpec& spec_;
  Weights weights_;
  int64_t streams_, lanes_;
  Arena arena_, heads_arena_;
  MemoryStepShape shape_{};
  MemoryStepWeights<T> packed_{};
  T* answers_ = nullptr;             // [group][output][lane]
  std::vector<T> keep_;              // of the branches' sums
  std::vector<ContactRun<T>> runs_;  // [channel][runs_each_]
  int64_t runs_each_ = 1;
  std::vector<Group> groups_;
  std::span<const int32_t> events_;
  std::vector<int32_t> sorted_;  // where they did not come in order
  std::vector<int64_t> first_;   // of each stream among the events, and the end
};

}  // namespace nt::twin
