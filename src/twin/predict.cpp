#include "twin/predict.hpp"

#include <algorithm>
#include <cmath>

#include "dataset/replay_input.hpp"
#include "dataset/shard.hpp"
#include "files/hdf5.hpp"
#include "progress/watcher.hpp"
#include "twin/device_stream.hpp"
#include "twin/saved_twin.hpp"

namespace nt::twin {
namespace {

/// Trials, and how far they go at a time.
struct Portion {
  size_t side_by_side;
  int64_t piece_ms;
};
constexpr Portion kOnCpu{32, 400};
constexpr Portion kOnDevice{4096, 100};  // a device has thousands of threads

struct Trials {
  size_t count = 0;
  int64_t duration_ms = 0;
  TrialInput input;
};

/// Of two lists in the order of time, that of both. `add`(from which, index).
template <class A, class B, class Add>
void merge(const A& a, const B& b, Add&& add) {
  size_t i = 0, k = 0;
  while (i < a.size() || k < b.size()) {
    if (k == b.size() || (i < a.size() && a[i] <= b[k])) {
      add(0, i++);
    } else {
      add(1, k++);
    }
  }
}

/// `stored`: a shard, or a split; its trial `first` is the first one.
template <class Stored>
TrialInput input_of_stored(const Stored& stored, size_t first = 0) {
  return [&stored, first, excitatory = stored.identity().excitatory_synapses](
             size_t trial, int64_t from_ms, int64_t to_ms, int32_t stream, std::vector<int32_t>& events) {
    const auto of = stored.trial(first + trial);
    const dataset::EventsView views[] = {of.excitatory.between(from_ms, to_ms),
                                         of.inhibitory.between(from_ms, to_ms)};
    merge(views[0].time_ms, views[1].time_ms, [&](size_t kind, size_t i) {
      const auto synapse = static_cast<int64_t>(views[kind].synapse[i]);
      events.insert(events.end(), {stream, static_cast<int32_t>(synapse + (kind == 0 ? 0 : excitatory)),
                                   static_cast<int32_t>(views[kind].time_ms[i] - from_ms)});
    });
  };
}

Trials trials_of(const dataset::Shard& shard) {
  return {shard.trials(), shard.identity().duration_ms, input_of_stored(shard)};
}

/// Appends the spikes of one trial, of either kind, that come at from_ms <= time < to_ms. Times fall into the
/// ms that they lie in.
template <class Spikes>
void add_between(const Spikes& excitatory, const Spikes& inhibitory, int64_t first_inhibitory,
                 int64_t from_ms, int64_t to_ms, int32_t stream, std::vector<int32_t>& events) {
  using Time = typename decltype(Spikes::time_ms)::value_type;
  const Spikes* kinds[] = {&excitatory, &inhibitory};
  std::span<const Time> times[2];
  size_t first[2];
  for (size_t kind = 0; kind < 2; ++kind) {
    const auto& all = kinds[kind]->time_ms;
    const auto begin = std::ranges::lower_bound(all, static_cast<Time>(from_ms));
    const auto end = std::ranges::lower_bound(all, static_cast<Time>(to_ms));
    times[kind] = {begin, end};
    first[kind] = static_cast<size_t>(begin - all.begin());
  }
  merge(times[0], times[1], [&](size_t kind, size_t i) {
    const auto synapse = static_cast<int64_t>(kinds[kind]->synapse[first[kind] + i]);
    events.insert(events.end(), {stream, static_cast<int32_t>(synapse + (kind == 0 ? 0 : first_inhibitory)),
                                 static_cast<int32_t>(static_cast<int64_t>(times[kind][i]) - from_ms)});
  });
}

Trials trials_of(const stimulus::TimedInput& replayed, int64_t excitatory) {
  double last_ms = 0;
  for (const auto* events : {&replayed.excitatory, &replayed.inhibitory})
    if (!events->time_ms.empty()) last_ms = std::max(last_ms, events->time_ms.back());
  return {1, (static_cast<int64_t>(last_ms) / 1000 + 1) * 1000,
          [&replayed, excitatory](size_t, int64_t from_ms, int64_t to_ms, int32_t stream,
                                  std::vector<int32_t>& events) {
            add_between(replayed.excitatory, replayed.inhibitory, excitatory, from_ms, to_ms, stream, events);
          }};
}

void append(Prediction& to, const Prediction& more) {
  to.spike_log_odds.insert(to.spike_log_odds.end(), more.spike_log_odds.begin(), more.spike_log_odds.end());
  to.soma_mV.insert(to.soma_mV.end(), more.soma_mV.begin(), more.soma_mV.end());
  for (const auto& [name, values] : more.further)
    to.further[name].insert(to.further[name].end(), values.begin(), values.end());
}

std::string path_of(const Head& head) {
  return head.name == "spike" ? "/spike_probability" : head.name == "soma" ? "/soma_mV" : "/" + head.name;
}

void write(files::Hdf5Output& file, const TwinSpec& spec, const PredictedPiece& piece) {
  std::vector<float> values;
  int64_t first = 0;
  for (const auto& head : spec.heads) {
    const auto activation = head_kind(head.name).activation;
    values.clear();
    for (int64_t r = 0; r < piece.outputs.rows; ++r) {
      for (int64_t o = 0; o < head.outputs; ++o) {
        values.push_back(in_units(activation, piece.outputs.at(r, first + o)));
        if (std::isfinite(values.back())) continue;
        fail_run(
            "the twin's {} in trial {} at {} ms is no finite number: its weights are too large for single "
            "precision",
            head_kind(head.name).words, piece.first_trial + static_cast<size_t>(r / piece.ms),
            piece.from_ms + r % piece.ms);
      }
    }
    std::vector<uint64_t> at{piece.first_trial, static_cast<uint64_t>(piece.from_ms)};
    std::vector<uint64_t> extent{piece.trials, static_cast<uint64_t>(piece.ms)};
    if (!head_kind(head.name).single) {
      at.push_back(0);
      extent.push_back(static_cast<uint64_t>(head.outputs));
    }
    file.write(path_of(head), at, extent, values);
    first += head.outputs;
  }
}

}  // namespace

float in_units(HeadActivation activation, float output) {
  switch (activation) {
    case HeadActivation::logistic:
      return 1 / (1 + std::exp(-output));
    case HeadActivation::exponential:
      return std::exp(output);
    case HeadActivation::identity:
      break;
  }
  return output;
}

TrialInput trial_input(std::span<const stimulus::SynapticInput> inputs, int64_t first_inhibitory) {
  return [inputs, first_inhibitory](size_t trial, int64_t from_ms, int64_t to_ms, int32_t stream,
                                    std::vector<int32_t>& events) {
    add_between(inputs[trial].excitatory, inputs[trial].inhibitory, first_inhibitory, from_ms, to_ms, stream,
                events);
  };
}

Prediction predict(Twin& twin, const SpikeWindows& input) {
  if (twin.device == nullptr) return prediction_of(twin, twin.forward(input));
  const int64_t history = twin.history_ms(), ms = history + input.window_ms;
  std::vector<int32_t> events;
  for (size_t e = 0; e + 2 < input.events.size(); e += 3)
    if (input.events[e + 2] >= 0 && input.events[e + 2] < ms)
      events.insert(events.end(), {input.events[e], input.events[e + 1], input.events[e + 2]});
  const auto stream = device_stream(twin, input.windows, twin.device);
  const auto all = stream->advance(events, ms);
  std::vector<float> of_windows;
  for (int64_t w = 0; w < input.windows; ++w)
    of_windows.insert(of_windows.end(), all.values + (w * ms + history) * all.row,
                      all.values + (w + 1) * ms * all.row);
  return prediction_of(twin, {of_windows.data(), input.windows * input.window_ms, all.row});
}

std::vector<Prediction> predict_each(Twin& twin, const dataset::Split& split, size_t first, size_t count) {
  std::vector<Prediction> all;
  if (twin.device == nullptr) {
    for (size_t i = first; i < first + count; ++i) all.push_back(predict_trial(twin, split, i));
    return all;
  }
  all.resize(count);
  predict_trials(twin, count, split.duration_ms(), input_of_stored(split, first),
                 [&](const PredictedPiece& piece) {
                   const int64_t numbers = piece.ms * piece.outputs.row;
                   for (size_t i = 0; i < piece.trials; ++i)
                     append(all[piece.first_trial + i],
                            prediction_of(twin, {piece.outputs.values + static_cast<int64_t>(i) * numbers,
                                                 piece.ms, piece.outputs.row}));
                 });
  return all;
}

bool predict_trials(Twin& twin, size_t trials, int64_t duration_ms, const TrialInput& input,
                    const std::function<void(const PredictedPiece&)>& take, const std::stop_token& stop) {
  const auto portion = twin.device == nullptr ? kOnCpu : kOnDevice;
  std::vector<int32_t> events;
  for (size_t first = 0; first < trials; first += portion.side_by_side) {
    const size_t count = std::min(portion.side_by_side, trials - first);
    StreamsOn stream(twin, static_cast<int64_t>(count), twin.device);
    for (int64_t from = 0; from < duration_ms; from += portion.piece_ms) {
      if (stop.stop_requested()) return false;
      const int64_t ms = std::min(portion.piece_ms, duration_ms - from);
      events.clear();
      for (size_t i = 0; i < count; ++i) input(first + i, from, from + ms, static_cast<int32_t>(i), events);
      take({first, count, from, ms, stream.advance(events, ms)});
    }
  }
  return true;
}

void predict_file(const std::filesystem::path& twin_file, const std::filesystem::path& input,
                  const std::filesystem::path& out, const Parallel& parallel, const std::stop_token& stop,
                  device::Kind device) {
  const auto on = device::open_device(device);
  auto [twin, description] = load_twin(twin_file, parallel);
  if (on != nullptr) require_device_stream(twin.spec());
  twin.device = on;
  const int64_t excitatory = description.excitatory_synapses, inhibitory = description.inhibitory_synapses;
  bool is_replay = false;
  {
    const files::Hdf5File file(input);
    is_replay = !file.has_attribute("format") && file.has("/input");
  }
  std::optional<dataset::Shard> shard;
  stimulus::TimedInput replayed;
  if (is_replay) {
    replayed = dataset::read_replay_input(input, excitatory, inhibitory, description.cell.groups);
  } else {
    const auto& id = shard.emplace(input).identity();
    if (excitatory != id.excitatory_synapses || inhibitory != id.inhibitory_synapses) {
      fail_input("{}: has {} excitatory and {} inhibitory synapses, the twin {} expects {} and {}",
                 input.string(), id.excitatory_synapses, id.inhibitory_synapses, twin_file.string(),
                 excitatory, inhibitory);
    }
  }
  const auto trials = shard ? trials_of(*shard) : trials_of(replayed, excitatory);
  files::Hdf5Output file(out);
  file.attribute("twin", twin_file.string());
  file.attribute("input", input.string());
  for (const auto& head : twin.spec().heads) {
    const auto& kind = head_kind(head.name);
    std::vector<uint64_t> shape{trials.count, static_cast<uint64_t>(trials.duration_ms)};
    if (!kind.single) shape.push_back(static_cast<uint64_t>(head.outputs));
    file.create(path_of(head), kind.activation == HeadActivation::logistic ? "1" : kind.unit, shape);
  }
  const bool all = predict_trials(
      twin, trials.count, trials.duration_ms, trials.input,
      [&](const PredictedPiece& piece) { write(file, twin.spec(), piece); }, stop);
  if (!all) fail_run("stopped: {} is not written", out.string());
  file.finish();
}

}  // namespace nt::twin
