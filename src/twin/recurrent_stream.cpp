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
  shape_ = {branches, hidden, units, 0, spec.activation};
  for (const double keep : spec.branch_keep()) keep_.push_back(static_cast<T>(keep));
  take_contacts();
  groups_.resize((streams + lanes_ - 1) / lanes_);
  const int64_t arriving = std::max(branches, kRun) * lanes_;
  T *of_branch = nullptr, *of_memory = nullptr, *of_delta = nullptr;
  arena_.plan([&](Arena& arena) {
    of_branch = arena.take<T>(branches * hidden);
    of_memory = arena.take<T>(units * hidden);
    of_delta = arena.take<T>(hidden * units);
    for (auto& g : groups_) {
      g = {arena.take<T>(arriving), arena.take<T>(branches * lanes_), arena.take<T>(units * lanes_),
           arena.take<T>((hidden + units) * lanes_)};
    }
  });
  pack_step_matrix(weights.branch, branches, hidden, of_branch);
  pack_step_matrix(weights.memory, units, hidden, of_memory);
  pack_step_matrix(weights.delta, hidden, units, of_delta);
  packed_ = {of_branch,           of_memory,          of_delta, nullptr,
             weights.hidden_bias, weights.delta_bias, nullptr,  weights_.keep.data(),
             weights_.gate.data()};
  for (const auto& g : groups_) {
    std::fill_n(g.arriving, arriving, T(0));
    std::fill_n(g.sums, branches * lanes_, T(0));
    std::fill_n(g.memory, units * lanes_, T(0));
  }
  if (spec.history_ms == 0) return;
  if (streams > 1) {
    const auto silent = RecurrentStream(spec, weights, 1, {}).state(0);
    for (int64_t s = 0; s < streams; ++s) set_state(s, silent);
  } else {
    advance({{}, streams, spec.history_ms}, nullptr, parallel);
  }
}

/// Each channel's contacts as runs of neighbours; those of a run that are none have a weight of 0.
template <class T>
void RecurrentStream<T>::take_contacts() {
  const auto& wiring = spec_.wiring;
  const int64_t last_begin = std::max<int64_t>(0, wiring.branches - kRun);
  std::vector<std::vector<ContactRun<T>>> all(static_cast<size_t>(wiring.channels()));
  for (size_t c = 0; c < all.size(); ++c) {
    int64_t begin = -kRun;
    for (auto k = static_cast<size_t>(wiring.first[c]); k < static_cast<size_t>(wiring.first[c + 1]); ++k) {
      const int64_t b = wiring.branch[k];
      if (b < begin || b >= begin + kRun || all[c].empty()) {
        begin = std::min(b, last_begin);
        all[c].push_back({static_cast<int32_t>(begin * lanes_), {}});
      }
      all[c].back().weight[static_cast<size_t>(b - begin)] += weights_.synapse[k];
    }
    runs_each_ = std::max(runs_each_, std::ssize(all[c]));
  }
  for (auto& runs : all) {
    runs.resize(static_cast<size_t>(runs_each_), {0, {}});
    runs_.insert(runs_.end(), runs.begin(), runs.end());
  }
}

template <class T>
void RecurrentStream<T>::take_heads(const HeadsLayer<T>& heads) {
  const int64_t units = spec_.memory_units, outputs = heads.outputs();
  T *weight = nullptr, *constant = nullptr;
  heads_arena_.plan([&](Arena& arena) {
    weight = arena.take<T>(units * outputs);
    constant = arena.take<T>(outputs);
    answers_ = arena.take<T>(std::ssize(groups_) * outputs * lanes_);
  });
  pack_step_matrix(heads.weight(), units, outputs, weight);
  std::copy_n(heads.constant(), outputs, constant);
  packed_.head_weight = weight;
  packed_.head_constant = constant;
  shape_.outputs = outputs;
}

template <class T>
void RecurrentStream<T>::sort_by_time(const SpikeWindows& spikes) {
  first_.resize(static_cast<size_t>(streams_) + 1);
  events_ = spikes.events;
  if (begins_of_streams(events_, first_)) return;
  using Event = std::array<int32_t, 3>;
  std::vector<Event> all(events_.size() / 3);
  for (size_t i = 0; i < all.size(); ++i) all[i] = {events_[3 * i], events_[3 * i + 1], events_[3 * i + 2]};
  std::ranges::stable_sort(
      all, [](const Event& a, const Event& b) { return a[0] < b[0] || (a[0] == b[0] && a[2] < b[2]); });
  sorted_.clear();
  for (const auto& event : all) sorted_.insert(sorted_.end(), event.begin(), event.end());
  events_ = sorted_;
  begins_of_streams(events_, first_);
}

template <class T>
void RecurrentStream<T>::advance_group(int64_t group, int64_t ms, T* outputs) {
  const auto& g = groups_[group];
  const int64_t first = group * lanes_, row = shape_.outputs;
  const auto streams = static_cast<size_t>(std::min(lanes_, streams_ - first));
  const ContactRuns<T> contacts{runs_.data(), runs_each_};
  T* const answers = answers_ + group * row * lanes_;
  std::array<EventsToCome, 256> to_come;
  for (size_t lane = 0; lane < streams; ++lane) {
    const auto* begin = first_.data() + first + static_cast<int64_t>(lane);
    to_come[lane] = {events_.data() + 3 * begin[0], events_.data() + 3 * begin[1]};
  }
  for (int64_t t = 0; t < ms; ++t) {
    branch_step(contacts, shape_.branches, keep_.data(), static_cast<int32_t>(t),
                std::span(to_come).first(streams), g.arriving, g.sums);
    memory_step(shape_, packed_, g.sums, g.memory, g.scratch, answers);
    for (size_t lane = 0; lane < streams; ++lane) {
      T* to = outputs + ((first + static_cast<int64_t>(lane)) * ms + t) * row;
      for (int64_t o = 0; o < row; ++o) to[o] = answers[o * lanes_ + static_cast<int64_t>(lane)];
    }
  }
}

template <class T>
void RecurrentStream<T>::advance(const SpikeWindows& spikes, T* outputs, const Parallel& parallel) {
  sort_by_time(spikes);
  const auto task = [&](int64_t group) { advance_group(group, spikes.window_ms, outputs); };
  parallel.run(std::ssize(groups_), std::ref(task));
}

template <class T>
void RecurrentStream<T>::advance(const SpikeWindows& spikes, const HeadsLayer<T>& heads, T* outputs,
                                 const Parallel& parallel) {
  if (answers_ == nullptr) take_heads(heads);
  advance(spikes, outputs, parallel);
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
