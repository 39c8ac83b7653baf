#pragma once
#include <cstdint>

#include "twin/leaky_memory.hpp"

namespace nt::twin {

/// One ms of branches and leaky memory units (leaky_memory.hpp) for as many streams as a SIMD vector has
/// lanes, a stream to each lane: no lane is idle, and all streams share what is read of the weights.
struct MemoryStepShape {
  int64_t branches, hidden, units;
  HiddenActivation activation;
};
/// Matrices as pack_step_matrix() lays them out.
template <class T>
struct MemoryStepWeights {
  const T *branch_weight, *memory_weight, *delta_weight;
  const T *hidden_bias, *delta_bias, *keep, *gate;
};

/// Streams side by side.
template <class T>
int64_t step_lanes();
/// A matrix [rows][columns] as the step reads it; as many numbers.
template <class T>
void pack_step_matrix(const T* matrix, int64_t rows, int64_t columns, T* packed);
/// From the branches' sums [branch][lane] of this ms to the memory [unit][lane], which holds that of the last
/// one. `scratch`: [hidden + 2 units][lane]. All begin on a cache line. To the bit what branch_weight's
/// product and leaky_memory_forward() make.
template <class T>
void memory_step(const MemoryStepShape& shape, const MemoryStepWeights<T>& weights, const T* sums, T* memory,
                 T* scratch);

}  // namespace nt::twin
