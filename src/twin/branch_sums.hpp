#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "twin/parallel.hpp"

namespace nt::twin {

/// Which branches each input channel feeds, each with a weight of its own: those of channel c are
/// branch[first[c]] .. branch[first[c + 1] - 1]. A stretch of dendrite may have several branches here: sums
/// of the same synapses that forget at different speeds, or of its inhibitory synapses alone.
struct Wiring {
  int64_t branches = 0;
  std::vector<int64_t> first{0};
  std::vector<int64_t> branch;
  std::vector<double> tau_ms = {};  // [branch]; empty: one that is said elsewhere for all

  int64_t channels() const { return static_cast<int64_t>(first.size()) - 1; }
  int64_t contacts() const { return static_cast<int64_t>(branch.size()); }
};

/// Leaky sums of the spikes that arrive on each branch:
///   sum[w][t][b] = keep[b] sum[w][t - 1][b] + weights of the contacts on b of all spikes at t, with
///   sum[w][-1][b] = start[w][b], or 0
///   events  [n][3]  (window, channel, time), sorted by window; times outside 0 .. duration - 1 say nothing
///   weight  [contacts]
///   sum     [windows][duration][branches]
///   start   [windows][branches], or null
///   keep    [branches], 0 .. 1
struct BranchSumsShape {
  int64_t windows, duration;
};

/// Results are overwritten. For float and double; windows on several threads, with results that do not
/// depend on how many.
template <class T>
void branch_sums_forward(const BranchSumsShape& shape, const Wiring& wiring, std::span<const int32_t> events,
                         const T* keep, const T* weight, const T* start, T* sum, const Parallel& parallel);
template <class T>
void branch_sums_weight_gradient(const BranchSumsShape& shape, const Wiring& wiring,
                                 std::span<const int32_t> events, const T* keep, const T* sum_gradient,
                                 T* weight_gradient, const Parallel& parallel);

}  // namespace nt::twin
