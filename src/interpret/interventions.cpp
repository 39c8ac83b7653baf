#include "interpret/interventions.hpp"

#include <algorithm>
#include <cmath>

#include "dataset/input_events.hpp"
#include "evaluate/scores.hpp"
#include "interpret/detail/recorded_trials.hpp"
#include "interpret/validity.hpp"
#include "ranks/deal_out.hpp"
#include "simulate/state_bytes.hpp"
#include "statistics/bootstrap.hpp"
#include "twin/predict.hpp"

namespace nt::interpret {
namespace {

/// Draws are of the stream of added spikes, from trials on that add_spikes() never comes to.
constexpr uint64_t kFirstTrial = uint64_t{1} << 32;

/// Answers from rest are not those of a neuron at work.
int64_t earliest_ms(int64_t stretch_ms) {
  return stretch_ms / 3;
}

stimulus::SynapticInput input_of(const dataset::TrialView& trial, int64_t stretch_ms) {
  const auto events_of = [&](const dataset::EventsView& all) {
    const auto view = all.between(0, stretch_ms);
    return stimulus::Events{{view.time_ms.begin(), view.time_ms.end()},
                            {view.synapse.begin(), view.synapse.end()}};
  };
  return {events_of(trial.excitatory), events_of(trial.inhibitory)};
}

/// One trial's input, and which of its changes stand behind it in a list of inputs.
struct Asked {
  size_t unchanged = 0;
  std::optional<size_t> added, silenced;
  int64_t added_from_ms = 0, silenced_from_ms = 0;
};
struct Questions {
  std::vector<stimulus::SynapticInput> inputs;
  std::vector<Asked> asked;
};

Questions questions(const produce::DatasetPlan& plan, const dataset::Split& test, size_t trials,
                    int64_t stretch_ms, int64_t after_ms) {
  Questions q;
  for (size_t i = 0; i < trials; ++i) {
    random::Random random(plan.seed, random::Stage::interpretation, kFirstTrial + i,
                          random::StreamName::added_spikes);
    Asked asked{.unchanged = q.inputs.size(), .added = {}, .silenced = {}};
    const auto input = input_of(test.trial(i), stretch_ms);
    q.inputs.push_back(input);
    const auto ask = [&](std::optional<Intervention> change, std::optional<size_t>& place, int64_t& from_ms) {
      if (!change) return;
      place = q.inputs.size();
      from_ms = change->from_ms;
      q.inputs.push_back(std::move(change->input));
    };
    ask(with_added_spike(input, cell::excitatory_synapses(plan.cell), stretch_ms, after_ms, random),
        asked.added, asked.added_from_ms);
    ask(with_silenced_synapse(input, stretch_ms, after_ms, random), asked.silenced, asked.silenced_from_ms);
    q.asked.push_back(asked);
  }
  return q;
}

/// The twin's somatic voltage, [input][ms], on rank 0.
std::vector<std::vector<float>> predicted(twin::Twin& twin, std::span<const stimulus::SynapticInput> inputs,
                                          int64_t excitatory, int64_t stretch_ms, const ranks::Ranks& ranks) {
  const int64_t at_once = twin::best_at_once(twin, 16);  // whatever the number of ranks
  const int64_t count = std::ssize(inputs);
  const auto ask = [&](int64_t part) {
    const auto some = inputs.subspan(part * at_once, std::min(at_once, count - part * at_once));
    const auto events = dataset::input_events(some, excitatory, twin.history_ms());
    simulate::StateWriter answer;
    answer.put(std::span<const float>(twin::predict(twin, {events, std::ssize(some), stretch_ms}).soma_mV));
    return answer.take();
  };
  std::vector<std::vector<float>> answers;
  ranks::deal_out(ranks, (count + at_once - 1) / at_once, ask, [&](int64_t, const std::string& answer) {
    const auto soma_mV = simulate::StateReader(answer).get<float>();
    for (auto from = soma_mV.begin(); from != soma_mV.end(); from += stretch_ms)
      answers.emplace_back(from, from + stretch_ms);
  });
  return answers;
}

/// The ms in which a trial's output spikes lie, up to `end_ms`.
std::vector<int64_t> spikes_before(const RecordedTrial& trial, int64_t end_ms) {
  std::vector<int64_t> spikes;
  for (const double t : trial.spike_times_ms)
    if (t < static_cast<double>(end_ms)) spikes.push_back(static_cast<int64_t>(t));
  return spikes;
}

bool same_spikes(std::span<const int64_t> a, std::span<const int64_t> b) {
  return std::ranges::equal(a, b, [](int64_t x, int64_t y) { return std::abs(x - y) <= 1; });
}

/// Adds the pair to `to`, or counts it as left out.
void compare_response(const RecordedTrial& unchanged, const RecordedTrial& changed,
                      std::span<const float> twin_unchanged, std::span<const float> twin_changed,
                      int64_t from_ms, int64_t after_ms, double ceiling_mV, Responses& to) {
  // A spike that comes just after what is compared raises the voltage before it.
  const int64_t end_ms = from_ms + after_ms, watched_ms = end_ms + evaluate::kBeforeSpike_ms;
  const auto spikes = spikes_before(unchanged, watched_ms), others = spikes_before(changed, watched_ms);
  if (!same_spikes(spikes, others)) {
    ++to.left_out;
    return;
  }
  std::vector<uint8_t> spiked(unchanged.soma_mV.size(), 0);
  for (const auto* list : {&spikes, &others})
    for (const int64_t t : *list)
      if (t < std::ssize(spiked)) spiked[t] = 1;
  const auto away = evaluate::away_from_spikes(spiked);
  const auto clipped = [&](const RecordedTrial& trial, size_t t) {
    return std::min(static_cast<double>(trial.soma_mV[t]), ceiling_mV);
  };
  ResponsePair pair;
  for (auto t = static_cast<size_t>(from_ms); t < static_cast<size_t>(end_ms); ++t) {
    if (!away[t]) continue;
    pair.neuron_mV.push_back(clipped(changed, t) - clipped(unchanged, t));
    pair.twin_mV.push_back(static_cast<double>(twin_changed[t]) - static_cast<double>(twin_unchanged[t]));
  }
  to.kept.push_back(std::move(pair));
}

/// Sums over the ms of pairs: neuron's response y, twin's x, their difference e.
struct ResponseSums {
  double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0, ee = 0;

  void add(const ResponseSums& o, double w) {
    n += w * o.n;
    x += w * o.x;
    y += w * o.y;
    xx += w * o.xx;
    yy += w * o.yy;
    xy += w * o.xy;
    ee += w * o.ee;
  }
};

ResponseSums sums_of(const ResponsePair& pair) {
  ResponseSums s;
  for (size_t t = 0; t < pair.neuron_mV.size(); ++t) {
    const double y = pair.neuron_mV[t], x = pair.twin_mV[t];
    s.add({1, x, y, x * x, y * y, x * y, (x - y) * (x - y)}, 1);
  }
  return s;
}

evaluate::NamedMetrics metrics_of(const ResponseSums& s) {
  const double covariance = s.xy - s.x * s.y / s.n;
  const double of_x = s.xx - s.x * s.x / s.n, of_y = s.yy - s.y * s.y / s.n;
  return {{"power_explained", s.yy > 0 ? 1 - s.ee / s.yy : std::nan("")},
          {"correlation", of_x > 0 && of_y > 0 ? covariance / std::sqrt(of_x * of_y) : std::nan("")},
          {"rms_mV", std::sqrt(s.yy / s.n)}};
}

}  // namespace

InterventionSpec read_interventions(const config::Settings& settings) {
  InterventionSpec spec;
  spec.trials = settings.integer("trials", spec.trials, {0, 1e5});
  spec.stretch_ms = settings.integer("stretch_ms", spec.stretch_ms, {30, 1e6});
  spec.after_ms = settings.integer("after_ms", spec.after_ms, {1, 1e4});
  if (spec.trials > 0 && spec.after_ms > spec.stretch_ms / 2) {
    fail_input("{}: '{}' is {}, expected at most half of stretch_ms, {}", settings.where("after_ms"),
               settings.full_key("after_ms"), spec.after_ms, spec.stretch_ms);
  }
  return spec;
}

std::optional<Intervention> with_added_spike(const stimulus::SynapticInput& input,
                                             int64_t excitatory_synapses, int64_t stretch_ms,
                                             int64_t after_ms, random::Random& random) {
  if (excitatory_synapses == 0) return {};
  const auto& events = input.excitatory;
  const auto is_taken = [&](uint32_t time_ms, uint32_t synapse) {
    for (size_t i = 0; i < events.time_ms.size(); ++i)
      if (events.time_ms[i] == time_ms && events.synapse[i] == synapse) return true;
    return false;
  };
  constexpr int kTries = 100;  // input so dense that all of them meet a spike leaves no room for another
  for (int i = 0; i < kTries; ++i) {
    const auto synapse = static_cast<uint32_t>(random.integer(0, excitatory_synapses - 1));
    const auto time_ms =
        static_cast<uint32_t>(random.integer(earliest_ms(stretch_ms), stretch_ms - after_ms));
    if (is_taken(time_ms, synapse)) continue;
    Intervention change{input, time_ms};
    auto& added = change.input.excitatory;
    size_t at = 0;  // the order by time, then synapse
    while (at < added.time_ms.size() &&
           std::pair(added.time_ms[at], added.synapse[at]) < std::pair(time_ms, synapse))
      ++at;
    added.time_ms.insert(added.time_ms.begin() + static_cast<std::ptrdiff_t>(at), time_ms);
    added.synapse.insert(added.synapse.begin() + static_cast<std::ptrdiff_t>(at), synapse);
    return change;
  }
  return {};
}

std::optional<Intervention> with_silenced_synapse(const stimulus::SynapticInput& input, int64_t stretch_ms,
                                                  int64_t after_ms, random::Random& random) {
  struct Spike {
    stimulus::Events stimulus::SynapticInput::*kind;
    size_t place;
  };
  std::vector<Spike> spikes;
  for (const auto kind : {&stimulus::SynapticInput::excitatory, &stimulus::SynapticInput::inhibitory}) {
    const auto& times_ms = (input.*kind).time_ms;
    for (size_t i = 0; i < times_ms.size(); ++i)
      if (times_ms[i] >= earliest_ms(stretch_ms) && times_ms[i] <= stretch_ms - after_ms)
        spikes.push_back({kind, i});
  }
  if (spikes.empty()) return {};
  const auto& chosen = spikes[random.integer(0, std::ssize(spikes) - 1)];
  Intervention change{input, (input.*chosen.kind).time_ms[chosen.place]};
  const auto& all = input.*chosen.kind;
  auto& kept = change.input.*chosen.kind;
  kept = {};
  for (size_t i = 0; i < all.time_ms.size(); ++i) {
    if (all.synapse[i] == all.synapse[chosen.place]) continue;
    kept.time_ms.push_back(all.time_ms[i]);
    kept.synapse.push_back(all.synapse[i]);
  }
  return change;
}

evaluate::Metrics response_scores(const std::string& name, const Responses& responses, int64_t resamples,
                                  uint64_t seed) {
  evaluate::Metrics metrics;
  metrics[name + ".pairs"] = responses.kept.size();
  metrics[name + ".left_out"] = responses.left_out;
  if (responses.kept.size() < kFewestSpikes) return metrics;
  std::vector<ResponseSums> each;
  ResponseSums all;
  for (const auto& pair : responses.kept) {
    each.push_back(sums_of(pair));
    all.add(each.back(), 1);
  }
  const auto draws = static_cast<size_t>(resamples);
  evaluate::ResampledMetrics resampled;
  statistics::for_each_resample(std::span<const ResponseSums>(each),
                                statistics::resampling_weights(each.size(), draws, seed), draws,
                                [&](const ResponseSums& drawn) {
                                  for (const auto& [key, value] : metrics_of(drawn))
                                    resampled[key].push_back(value);
                                });
  for (const auto& [key, value] : metrics_of(all))
    evaluate::put_metric(metrics, name + ".", key, value, resampled);
  return metrics;
}

evaluate::Metrics intervention_scores(twin::Twin& twin, const produce::DatasetPlan& plan,
                                      const dataset::Split& test, const InterventionSpec& spec,
                                      int64_t resamples, int threads, const ranks::Ranks& ranks) {
  if (spec.trials == 0) return {};
  const int64_t stretch_ms = std::min(spec.stretch_ms, test.duration_ms());
  const int64_t after_ms = std::min(spec.after_ms, stretch_ms / 2);
  const auto trials = std::min(static_cast<size_t>(spec.trials), test.trials());
  const auto q = questions(plan, test, trials, stretch_ms, after_ms);
  const auto neuron = record(plan, {}, q.inputs, stretch_ms, threads, ranks);
  const auto twins = predicted(twin, q.inputs, cell::excitatory_synapses(plan.cell), stretch_ms, ranks);
  if (!ranks.is_first()) return {};
  Responses added, silenced;
  for (const auto& asked : q.asked) {
    const auto compare_with = [&](std::optional<size_t> changed, int64_t from_ms, Responses& to) {
      if (!changed) return;
      compare_response(neuron[asked.unchanged], neuron[*changed], twins[asked.unchanged], twins[*changed],
                       from_ms, after_ms, plan.data.labels.soma_ceiling_mV, to);
    };
    compare_with(asked.added, asked.added_from_ms, added);
    compare_with(asked.silenced, asked.silenced_from_ms, silenced);
  }
  auto metrics = response_scores("response.added_spike", added, resamples, plan.seed);
  metrics.update(response_scores("response.silenced_synapse", silenced, resamples, plan.seed));
  return metrics;
}

}  // namespace nt::interpret
