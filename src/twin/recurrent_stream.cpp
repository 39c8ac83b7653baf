#include "twin/detail/recurrent_stream.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

namespace nt::twin {

template <class T>
RecurrentStream<T>::RecurrentStream(const RecurrentSpec& spec, const Weights& weights, int64_t streams,
                                    const Parallel& parallel)
    : spec_(spec), weights_(weights), streams_(streams), lanes_(step_lanes<T>()) {
  const int64_t branches = spec.wiring.branches, hidden = spec.hidden_units(), units = spec.memory_units;
  for (const double keep : spec.branch_keep()) keep_.push_back(static_cast<T>(keep));
  groups_.resize((streams + lanes_ - 1) / lanes_);
  T *of_branch = nullptr, *of_memory = nullptr, *of_delta = nullptr;
  arena_.plan([&](Arena& arena) {
    of_branch = arena.take<T>(branches * hidden);
    of_memory = arena.take<T>(units * hidden);
    of_delta = arena.take<T>(hidden * units);
    for (auto& g : groups_) {
      g = {arena.take<T>(branches * lanes_), arena.take<T>(branches * lanes_), arena.take<T>(units * lanes_),
           arena.take<T>((hidden + 2 * units) * lanes_)};
    }
  });
  pack_step_matrix(weights.branch, branches, hidden, of_branch);
  pack_step_matrix(weights.memory, units, hidden, of_memory);
  pack_step_matrix(weights.delta, hidden, units, of_delta);
  packed_ = {of_branch,           of_memory,          of_delta,
             weights.hidden_bias, weights.delta_bias, weights_.keep.data(),
             weights_.gate.data()};
  for (const auto& g : groups_) {
    std::fill_n(g.sums, branches * lanes_, T(0));
    std::fill_n(g.memory, units * lanes_, T(0));
  }
  if (spec.history_ms == 0) return;
  if (streams > 1) {
    const auto silent = RecurrentStream(spec, weights, 1, {}).state(0);
    for (int64_t s = 0; s < streams; ++s) set_state(s, silent);
  } else {
    advance({{}, streams, spec.history_ms}, parallel);
  }
}

template <class T>
void RecurrentStream<T>::sort_by_time(const SpikeWindows& spikes) {
  events_ = spikes.events;
  const size_t count = events_.size() / 3;
  using Event = std::array<int32_t, 3>;
  const auto before = [](const int32_t* a, const int32_t* b) {
    return a[0] < b[0] || (a[0] == b[0] && a[2] < b[2]);
  };
  for (size_t e = 1; e < count; ++e) {
    if (!before(&events_[3 * e], &events_[3 * e - 3])) continue;
    std::vector<Event> all(count);
    for (size_t i = 0; i < count; ++i) all[i] = {events_[3 * i], events_[3 * i + 1], events_[3 * i + 2]};
    std::ranges::stable_sort(all, [&](const Event& a, const Event& b) { return before(a.data(), b.data()); });
    sorted_.clear();
    for (const auto& event : all) sorted_.insert(sorted_.end(), event.begin(), event.end());
    events_ = sorted_;
    break;
  }
  first_.assign(static_cast<size_t>(streams_) + 1, 0);
  for (size_t e = 0; e < count; ++e) ++first_[static_cast<size_t>(events_[3 * e]) + 1];
  for (size_t s = 1; s < first_.size(); ++s) first_[s] += first_[s - 1];
}

template <class T>
void RecurrentStream<T>::advance_group(int64_t group, int64_t ms) {
  const auto& g = groups_[group];
  const auto& wiring = spec_.wiring;
  const int64_t units = spec_.memory_units, first = group * lanes_;
  const int64_t streams = std::min(lanes_, streams_ - first), numbers = wiring.branches * lanes_;
  const MemoryStepShape shape{wiring.branches, spec_.hidden_units(), units, spec_.activation};
  const T* weight = weights_.synapse;
  std::array<int64_t, 256> next;
  std::copy_n(first_.begin() + first, streams, next.begin());
  for (int64_t t = 0; t < ms; ++t) {
    std::fill_n(g.arriving, numbers, T(0));
    for (int64_t lane = 0; lane < streams; ++lane) {
      int64_t& e = next[lane];
      const int64_t end = first_[first + lane + 1];
      for (; e < end && events_[3 * e + 2] == t; ++e) {
        const auto channel = static_cast<size_t>(events_[3 * e + 1]);
        const auto last = static_cast<size_t>(wiring.first[channel + 1]);
        for (auto k = static_cast<size_t>(wiring.first[channel]); k < last; ++k)
          g.arriving[wiring.branch[k] * lanes_ + lane] += weight[k];
      }
    }
    // As branch_sums_forward() adds up.
    T* __restrict sums = g.sums;
    const T* __restrict arriving = g.arriving;
    for (int64_t b = 0, i = 0; b < wiring.branches; ++b) {
      const T keep = keep_[b];
      for (const int64_t end = i + lanes_; i < end; ++i) sums[i] = arriving[i] + keep * sums[i];
    }
    memory_step(shape, packed_, g.sums, g.memory, g.scratch);
    for (int64_t lane = 0; lane < streams; ++lane) {
      T* to = result_.data() + ((first + lane) * ms + t) * units;
      for (int64_t u = 0; u < units; ++u) to[u] = g.memory[u * lanes_ + lane];
    }
  }
}

template <class T>
const T* RecurrentStream<T>::advance(const SpikeWindows& spikes, const Parallel& parallel) {
  const int64_t ms = spikes.window_ms;
  sort_by_time(spikes);
  result_.resize(streams_ * ms * spec_.memory_units);
  const auto task = [&](int64_t group) { advance_group(group, ms); };
  parallel.run(static_cast<int64_t>(groups_.size()), std::ref(task));
  return result_.data();
}

template <class T>
std::vector<T> RecurrentStream<T>::state(int64_t stream) const {
  const auto& g = groups_[stream / lanes_];
  std::vector<T> all;
  for (int64_t b = 0; b < spec_.wiring.branches; ++b) all.push_back(g.sums[b * lanes_ + stream % lanes_]);
  for (int64_t u = 0; u < spec_.memory_units; ++u) all.push_back(g.memory[u * lanes_ + stream % lanes_]);
  return all;
}

template <class T>
void RecurrentStream<T>::set_state(int64_t stream, std::span<const T> state) {
  const auto& g = groups_[stream / lanes_];
  size_t i = 0;
  for (int64_t b = 0; b < spec_.wiring.branches; ++b) g.sums[b * lanes_ + stream % lanes_] = state[i++];
  for (int64_t u = 0; u < spec_.memory_units; ++u) g.memory[u * lanes_ + stream % lanes_] = state[i++];
}

template class RecurrentStream<float>;
template class RecurrentStream<double>;

}  // namespace nt::twin
