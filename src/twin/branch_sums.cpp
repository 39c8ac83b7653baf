#include "twin/branch_sums.hpp"

#include <algorithm>

#include "twin/detail/memory_step.hpp"

namespace nt::twin {
namespace {

/// Calls f(channel, time) for a window's events.
template <class F>
void for_each_event(const BranchSumsShape& s, std::span<const int32_t> events, int64_t window, F&& f) {
  int64_t low = 0, high = static_cast<int64_t>(events.size() / 3);
  const int64_t end = high;
  while (low < high) {  // the first event that is not of an earlier window
    const int64_t middle = (low + high) / 2;
    if (events[3 * middle] < window) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  for (int64_t e = low; e < end; ++e) {
    const int32_t* event = &events[3 * e];
    if (event[0] != window) break;
    if (event[2] >= 0 && event[2] < s.duration) f(event[1], event[2]);
  }
}

}  // namespace

template <class T>
void branch_sums_forward(const BranchSumsShape& s, const Wiring& wiring, std::span<const int32_t> events,
                         const T* keep, const T* weight, const T* start, T* sum, const Parallel& parallel) {
  const int64_t row = wiring.branches;
  parallel.run(s.windows, [&](int64_t w) {
    T* of_window = sum + w * s.duration * row;
    std::fill_n(of_window, s.duration * row, T(0));
    for_each_event(s, events, w, [&](int32_t channel, int64_t time) {
      T* now = of_window + time * row;
      const auto end = static_cast<size_t>(wiring.first[static_cast<size_t>(channel) + 1]);
      for (auto k = static_cast<size_t>(wiring.first[channel]); k < end; ++k)
        now[wiring.branch[k]] += weight[k];
    });
    if (start != nullptr && s.duration > 0) carry_sums(keep, start + w * row, of_window, row);
    for (int64_t t = 1; t < s.duration; ++t)
      carry_sums(keep, of_window + (t - 1) * row, of_window + t * row, row);
  });
}

template <class T>
void branch_sums_weight_gradient(const BranchSumsShape& s, const Wiring& wiring,
                                 std::span<const int32_t> events, const T* keep, const T* sum_gradient,
                                 T* weight_gradient, const Parallel& parallel) {
  const int64_t row = wiring.branches, contacts = wiring.contacts();
  std::vector<T> of_windows(s.windows * contacts, T(0));
  parallel.run(s.windows, [&](int64_t w) {
    const T* given = sum_gradient + w * s.duration * row;
    std::vector<T> reached(given, given + s.duration * row);  // by a spike: what its sum does from then on
    for (int64_t t = s.duration - 2; t >= 0; --t)
      carry_sums(keep, reached.data() + (t + 1) * row, reached.data() + t * row, row);
    T* gradient = of_windows.data() + w * contacts;
    for_each_event(s, events, w, [&](int32_t channel, int64_t time) {
      const T* now = reached.data() + time * row;
      const auto end = static_cast<size_t>(wiring.first[static_cast<size_t>(channel) + 1]);
      for (auto k = static_cast<size_t>(wiring.first[channel]); k < end; ++k)
        gradient[k] += now[wiring.branch[k]];
    });
  });
  std::fill_n(weight_gradient, contacts, T(0));
  for (int64_t w = 0; w < s.windows; ++w) {
    const T* of_window = &of_windows[w * contacts];
    for (int64_t k = 0; k < contacts; ++k) weight_gradient[k] += of_window[k];
  }
}

template void branch_sums_forward(const BranchSumsShape&, const Wiring&, std::span<const int32_t>,
                                  const float*, const float*, const float*, float*, const Parallel&);
template void branch_sums_forward(const BranchSumsShape&, const Wiring&, std::span<const int32_t>,
                                  const double*, const double*, const double*, double*, const Parallel&);
template void branch_sums_weight_gradient(const BranchSumsShape&, const Wiring&, std::span<const int32_t>,
                                          const float*, const float*, float*, const Parallel&);
template void branch_sums_weight_gradient(const BranchSumsShape&, const Wiring&, std::span<const int32_t>,
                                          const double*, const double*, double*, const Parallel&);

}  // namespace nt::twin
