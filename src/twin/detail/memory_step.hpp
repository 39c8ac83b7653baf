#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "twin/leaky_memory.hpp"

namespace nt::twin {

// One ms of branches, leaky memory units (leaky_memory.hpp) and heads for as many streams as a SIMD vector
// has lanes, a stream to each lane: no lane is idle, and all streams share what is read of the weights.

/// Streams side by side.
template <class T>
int64_t step_lanes();

/// What a spike adds to kRun branches, one after the other in [branch][lane] from `at` on.
constexpr int64_t kRun = 3;  // a synapse and both its neighbours
template <class T>
struct ContactRun {
  int32_t at;
  std::array<T, kRun> weight;
};
/// Those of each input channel, as many for all, [channel][each]; weights of 0 fill up.
template <class T>
struct ContactRuns {
  const ContactRun<T>* runs;
  int64_t each;
};
/// The events of one stream that are still to come, (stream, channel, time) each, in the order of time.
struct EventsToCome {
  const int32_t *next, *end;
};

/// The branches' sums [branch][lane] from those of the last ms, with the spikes of this one, at `time`; moves
/// `streams` on. `arriving`, [branch][lane], is all 0 before and after. To the bit what branch_sums_forward()
/// makes.
template <class T>
void branch_step(const ContactRuns<T>& contacts, int64_t branches, const T* keep, int32_t time,
                 std::span<EventsToCome> streams, T* arriving, T* sums);
/// now += keep before, of so many branches: in the same rounding as branch_step().
template <class T>
void carry_sums(const T* keep, const T* before, T* now, int64_t branches);

struct MemoryStepShape {
  int64_t branches, hidden, units, outputs;
  HiddenActivation activation;
};
/// Matrices as pack_step_matrix() lays them out; heads are those of `outputs`, [unit][output].
template <class T>
struct MemoryStepWeights {
  const T *branch_weight, *memory_weight, *delta_weight, *head_weight;
  const T *hidden_bias, *delta_bias, *head_constant, *keep, *gate;
};

/// A matrix [rows][columns] as the step reads it; as many numbers.
template <class T>
void pack_step_matrix(const T* matrix, int64_t rows, int64_t columns, T* packed);
/// From the branches' sums [branch][lane] of this ms to the memory [unit][lane], which holds that of the last
/// one, and to `outputs` [output][lane]. `scratch`: [hidden + units][lane]. All begin on a cache line. To the
/// bit what branch_weight's product, leaky_memory_forward() and the heads make.
template <class T>
void memory_step(const MemoryStepShape& shape, const MemoryStepWeights<T>& weights, const T* sums, T* memory,
                 T* scratch, T* outputs);

/// Where each stream's events (stream, channel, time) begin among all, which are sorted by stream: [streams]
/// and the end. False: those of one stream are not in the order of time, or streams not in order.
bool begins_of_streams(std::span<const int32_t> events, std::span<int64_t> first);

}  // namespace nt::twin
