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
  for (const auto begin : spec.wiring.first) first_contact_.push_back(static_cast<int32_t>(begin));
  for (int64_t c = 0; c < spec.wiring.contacts(); ++c)
    contacts_.push_back({static_cast<int32_t>(spec.wiring.branch[c] * lanes_), weights.synapse[c]});
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
bool RecurrentStream<T>::find_streams() {
  const auto count = static_cast<int64_t>(events_.size() / 3);
  first_.assign(static_cast<size_t>(streams_) + 1, count);
  int32_t stream = -1;
  uint64_t last = 0;
  bool ordered = true;
  const int32_t* event = events_.data();
  for (int64_t e = 0; e < count; ++e, event += 3) {
    const uint64_t key = uint64_t{static_cast<uint32_t>(event[0])} << 32 | static_cast<uint32_t>(event[2]);
    ordered &= key >= last;
    last = key;
    while (stream < event[0]) first_[static_cast<size_t>(++stream)] = e;
  }
  return ordered;
}

template <class T>
void RecurrentStream<T>::sort_by_time(const SpikeWindows& spikes) {
  events_ = spikes.events;
  if (find_streams()) return;
  using Event = std::array<int32_t, 3>;
  std::vector<Event> all(events_.size() / 3);
  for (size_t i = 0; i < all.size(); ++i) all[i] = {events_[3 * i], events_[3 * i + 1], events_[3 * i + 2]};
  std::ranges::stable_sort(
      all, [](const Event& a, const Event& b) { return a[0] < b[0] || (a[0] == b[0] && a[2] < b[2]); });
  sorted_.clear();
  for (const auto& event : all) sorted_.insert(sorted_.end(), event.begin(), event.end());
  events_ = sorted_;
  find_streams();
}

template <class T>
void RecurrentStream<T>::advance_group(int64_t group, int64_t ms) {
  const auto& g = groups_[group];
  const int64_t units = spec_.memory_units, first = group * lanes_, branches = spec_.wiring.branches;
  const int64_t streams = std::min(lanes_, streams_ - first), numbers = branches * lanes_;
  const MemoryStepShape shape{branches, spec_.hidden_units(), units, spec_.activation};
  const Contact* const contacts = contacts_.data();
  const int32_t* const first_contact = first_contact_.data();
  std::array<const int32_t*, 256> next;
  for (int64_t lane = 0; lane < streams; ++lane) next[lane] = events_.data() + 3 * first_[first + lane];
  for (int64_t t = 0; t < ms; ++t) {
    std::fill_n(g.arriving, numbers, T(0));
    for (int64_t lane = 0; lane < streams; ++lane) {
      const int32_t* event = next[lane];
      const int32_t* const end = events_.data() + 3 * first_[first + lane + 1];
      T* __restrict const arriving = g.arriving + lane;
      for (; event != end && event[2] == t; event += 3) {
        const auto* const last = contacts + first_contact[event[1] + 1];
        for (const auto* c = contacts + first_contact[event[1]]; c != last; ++c) arriving[c->at] += c->weight;
      }
      next[lane] = event;
    }
    // As branch_sums_forward() adds up.
    T* __restrict sums = g.sums;
    const T* __restrict arriving = g.arriving;
    for (int64_t b = 0, i = 0; b < branches; ++b) {
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
