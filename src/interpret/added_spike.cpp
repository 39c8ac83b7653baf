#include "interpret/added_spike.hpp"

#include <algorithm>
#include <cmath>

#include "dataset/input_events.hpp"
#include "interpret/detail/recorded_trials.hpp"
#include "interpret/detail/response.hpp"
#include "interpret/validity.hpp"
#include "statistics/bootstrap.hpp"
#include "twin/predict.hpp"

namespace nt::interpret {
namespace {

constexpr size_t kResamples = 500;
constexpr double kLeastChange_mV = 1e-3;  // smaller ones are of the rounding of single precision
constexpr int64_t kAddedToOneInput = 15;  // with the input itself one group of 16 lanes

/// The part of a longer trial's input that begins at `from_ms`, so that rates do not sag as at a trial's
/// ends.
stimulus::Events cut_out(const stimulus::Events& events, int64_t from_ms, int64_t length_ms) {
  stimulus::Events part;
  for (size_t i = 0; i < events.time_ms.size(); ++i) {
    const auto time = static_cast<int64_t>(events.time_ms[i]) - from_ms;
    if (time < 0 || time >= length_ms) continue;
    part.time_ms.push_back(static_cast<uint32_t>(time));
    part.synapse.push_back(events.synapse[i]);
  }
  return part;
}

bool has(const stimulus::Events& events, uint32_t time_ms, uint32_t synapse) {
  for (size_t i = 0; i < events.time_ms.size(); ++i)
    if (events.time_ms[i] == time_ms && events.synapse[i] == synapse) return true;
  return false;
}

/// Keeps the order by time, then synapse.
void insert(stimulus::Events& events, uint32_t time_ms, uint32_t synapse) {
  size_t at = 0;
  while (at < events.time_ms.size() &&
         std::pair(events.time_ms[at], events.synapse[at]) < std::pair(time_ms, synapse))
    ++at;
  events.time_ms.insert(events.time_ms.begin() + static_cast<std::ptrdiff_t>(at), time_ms);
  events.synapse.insert(events.synapse.begin() + static_cast<std::ptrdiff_t>(at), synapse);
}

struct Question {
  size_t without = 0, with = 0;  // which inputs
  int64_t channel = 0;
};
struct Questions {
  std::vector<stimulus::SynapticInput> inputs;
  std::vector<Question> asked;
};

Questions questions(const produce::DatasetPlan& plan, std::span<const SynapsePlace> places,
                    const AddedSpikeSpec& spec) {
  const auto sets = sets_by_part(places);
  const int64_t length_ms = spec.before_ms + spec.after_ms, excitatory = cell::excitatory_synapses(plan.cell);
  const int64_t trial_ms = std::max(plan.data.trial_ms, length_ms);
  const auto spike_ms = static_cast<uint32_t>(spec.before_ms);
  Questions q;
  for (uint64_t trial = 0; static_cast<int64_t>(q.asked.size()) < spec.spikes; ++trial) {
    random::Random random(plan.seed, random::Stage::interpretation, trial, random::StreamName::added_spikes);
    const auto drawn = stimulus::draw_input(plan.stimulus, plan.seed, random::Stage::interpretation_stimulus,
                                            trial, trial_ms);
    const int64_t from_ms = random.integer(0, trial_ms - length_ms);
    const size_t without = q.inputs.size();
    q.inputs.push_back(
        {cut_out(drawn.excitatory, from_ms, length_ms), cut_out(drawn.inhibitory, from_ms, length_ms)});
    for (int64_t i = 0; i < kAddedToOneInput && static_cast<int64_t>(q.asked.size()) < spec.spikes; ++i) {
      const auto& set = sets[q.asked.size() % sets.size()];
      const int64_t channel = set.channels[random.integer(0, std::ssize(set.channels) - 1)];
      const auto synapse = static_cast<uint32_t>(set.excitatory ? channel : channel - excitatory);
      auto input = q.inputs[without];
      auto& events = set.excitatory ? input.excitatory : input.inhibitory;
      if (has(events, spike_ms, synapse)) continue;  // a synapse has one spike in a ms at most
      insert(events, spike_ms, synapse);
      q.asked.push_back({without, q.inputs.size(), channel});
      q.inputs.push_back(std::move(input));
    }
  }
  return q;
}

/// What the soma did at whole milliseconds, and whether it spiked from `from_ms` on.
struct Answer {
  std::vector<double> soma_mV;
  bool spiked = false;
};

Answer answer_of(const RecordedTrial& trial, const produce::DatasetPlan& plan, const AddedSpikeSpec& spec) {
  Answer answer;
  for (int64_t t = spec.before_ms; t < spec.before_ms + spec.after_ms; ++t) {
    const double mV = trial.soma_mV[t];
    answer.soma_mV.push_back(std::min(mV, plan.data.labels.soma_ceiling_mV));
  }
  // A spike just before leaves a wake that the twin cannot know of.
  const auto watched_from_ms = static_cast<double>(spec.before_ms) - 100;
  answer.spiked = std::ranges::any_of(trial.spike_times_ms, [&](double ms) { return ms >= watched_from_ms; });
  return answer;
}

std::vector<Answer> simulated(const produce::DatasetPlan& plan,
                              const std::vector<stimulus::SynapticInput>& inputs, const AddedSpikeSpec& spec,
                              int threads, const ranks::Ranks& ranks) {
  std::vector<Answer> answers;
  for (const auto& trial : record(plan, {}, inputs, spec.before_ms + spec.after_ms, threads, ranks))
    answers.push_back(answer_of(trial, plan, spec));
  return answers;
}

/// The twin's somatic voltage from the added spike on, [input][after_ms].
std::vector<std::vector<double>> predicted(twin::Twin& twin,
                                           const std::vector<stimulus::SynapticInput>& inputs,
                                           int64_t excitatory, const AddedSpikeSpec& spec) {
  const auto at_once = static_cast<size_t>(twin::best_at_once(twin, 64));
  const int64_t length_ms = spec.before_ms + spec.after_ms;
  std::vector<std::vector<double>> answers;
  for (size_t at = 0; at < inputs.size(); at += at_once) {
    const auto some = std::span(inputs).subspan(at, std::min(at_once, inputs.size() - at));
    const auto events = dataset::input_events(some, excitatory, twin.history_ms());
    const auto soma_mV = twin::predict(twin, {events, std::ssize(some), length_ms}).soma_mV;
    for (int64_t i = 0; i < std::ssize(some); ++i) {
      const auto end = soma_mV.begin() + (i + 1) * length_ms;
      answers.emplace_back(end - spec.after_ms, end);
    }
  }
  return answers;
}

/// Sums over a change's ms, from which correlation and slope follow.
struct Sums {
  double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  void add(const Sums& o, double w) {
    n += w * o.n;
    x += w * o.x;
    y += w * o.y;
    xx += w * o.xx;
    yy += w * o.yy;
    xy += w * o.xy;
  }
  double correlation() const {
    const double cov = xy - x * y / n, vx = xx - x * x / n, vy = yy - y * y / n;
    return vx > 0 && vy > 0 ? cov / std::sqrt(vx * vy) : std::nan("");
  }
  double slope() const { return xx > 0 ? xy / xx : std::nan(""); }
};

Sums sums_of(const AddedSpike& spike) {
  Sums s;
  for (size_t t = 0; t < spike.neuron_mV.size(); ++t) {
    const double x = spike.neuron_mV[t], y = spike.twin_mV[t];
    s.add({1, x, y, x * x, y * y, x * y}, 1);
  }
  return s;
}

Agreement agreement_of(std::span<const AddedSpike* const> spikes, uint64_t seed) {
  if (spikes.size() < kFewestSpikes) {
    constexpr statistics::Estimate none{NAN, NAN, NAN};
    return {std::ssize(spikes), none, none,
            fmt::format("{} added spike{}: fewer than {} say nothing of how well they agree", spikes.size(),
                        spikes.size() == 1 ? "" : "s", kFewestSpikes)};
  }
  std::vector<Sums> each;
  for (const auto* spike : spikes) each.push_back(sums_of(*spike));
  const auto weight = statistics::resampling_weights(each.size(), kResamples, seed);
  const auto estimate = [&](auto&& of) {
    return statistics::estimate(
        statistics::resampled_value(std::span<const Sums>(each), weight, kResamples, of));
  };
  return {std::ssize(spikes), estimate([](const Sums& sums) { return sums.correlation(); }),
          estimate([](const Sums& sums) { return sums.slope(); })};
}

std::vector<double> mean_change(std::span<const AddedSpike* const> spikes,
                                std::vector<double> AddedSpike::*of) {
  std::vector<double> mean((spikes.front()->*of).size(), 0);
  for (const auto* spike : spikes)
    for (size_t t = 0; t < mean.size(); ++t) mean[t] += (spike->*of)[t] / static_cast<double>(spikes.size());
  return mean;
}

NotedShape noted_shape(std::span<const double> change) {
  const auto shape = shape_of(change);
  return {shape, notes_on(shape, kLeastChange_mV)};
}

}  // namespace

AddedSpikes add_spikes(twin::Twin& twin, const produce::DatasetPlan& plan,
                       std::span<const SynapsePlace> places, const AddedSpikeSpec& spec, int threads,
                       const ranks::Ranks& ranks) {
  const auto q = questions(plan, places, spec);
  const auto neuron = simulated(plan, q.inputs, spec, threads, ranks);
  if (!ranks.is_first()) return {};
  const auto twins = predicted(twin, q.inputs, cell::excitatory_synapses(plan.cell), spec);
  AddedSpikes added;
  for (const auto& asked : q.asked) {
    const auto &without = neuron[asked.without], &with = neuron[asked.with];
    if (without.spiked || with.spiked) {
      ++added.left_out;
      continue;
    }
    AddedSpike spike{asked.channel, {}, {}};
    for (int64_t t = 0; t < spec.after_ms; ++t) {
      spike.neuron_mV.push_back(with.soma_mV[t] - without.soma_mV[t]);
      spike.twin_mV.push_back(twins[asked.with][t] - twins[asked.without][t]);
    }
    added.kept.push_back(std::move(spike));
  }
  return added;
}

AddedSpikeSummary summarise(const AddedSpikes& added, std::span<const SynapsePlace> places, uint64_t seed) {
  std::vector<const AddedSpike*> all;
  for (const auto& spike : added.kept) all.push_back(&spike);
  AddedSpikeSummary summary{agreement_of(all, seed), added.left_out};
  const auto mean_of = [](std::span<const AddedSpike* const> spikes, std::vector<double> AddedSpike::*of) {
    auto mean = mean_change(spikes, of);
    return AddedSpikeSummary::MeanChange{noted_shape(mean), std::move(mean)};
  };
  for (auto& set : sets_by_part(places)) {
    std::vector<const AddedSpike*> of_set;
    for (const auto* spike : all) {
      const auto& place = places[spike->channel];
      if (place.part == set.part && place.excitatory == set.excitatory && place.group == set.group)
        of_set.push_back(spike);
    }
    if (of_set.empty()) continue;
    summary.sets.push_back({std::move(set), agreement_of(of_set, seed),
                            mean_of(of_set, &AddedSpike::neuron_mV), mean_of(of_set, &AddedSpike::twin_mV)});
  }
  for (const auto* spike : all)
    summary.each.push_back({spike->channel, noted_shape(spike->neuron_mV), noted_shape(spike->twin_mV)});
  return summary;
}

}  // namespace nt::interpret
