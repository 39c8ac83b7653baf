#include "interpret/dendritic_spikes.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "dataset/input_events.hpp"
#include "interpret/detail/dendrite_parts.hpp"
#include "interpret/detail/recorded_trials.hpp"
#include "statistics/bootstrap.hpp"
#include "statistics/ranking.hpp"
#include "twin/predict.hpp"

namespace nt::interpret {
namespace {

constexpr size_t kResamples = 200;
constexpr int64_t kFewestDendriticSpikes = 5;

/// What tells spikes: the twin, the true components, the true somatic voltage.
constexpr size_t kScores = 3;

/// A branch over all trials.
struct BranchRecord {
  std::array<std::vector<BranchTrial>, kScores> trials;
  int64_t spikes = 0, spike_ms = 0, counted_ms = 0;
};

int64_t rises(std::span<const uint8_t> bins) {
  int64_t n = 0;
  for (size_t i = 0; i < bins.size(); ++i) n += bins[i] != 0 && (i == 0 || bins[i - 1] == 0);
  return n;
}

/// The components over trials as the twin says them, [trial][ms][component]: a device is asked about all of
/// the trials at once.
std::vector<float> predicted_components(twin::Twin& twin, std::span<const RecordedTrial> trials,
                                        int64_t excitatory) {
  std::vector<float> all;
  const auto at_once = static_cast<size_t>(twin::best_at_once(twin, 1));
  for (size_t first = 0; first < trials.size(); first += at_once) {
    std::vector<stimulus::SynapticInput> inputs;
    for (const auto& trial : trials.subspan(first, std::min(at_once, trials.size() - first)))
      inputs.push_back(trial.input);
    const auto events = dataset::input_events(inputs, excitatory, twin.history_ms());
    const auto predicted =
        twin::predict(twin, {events, std::ssize(inputs), std::ssize(trials.front().soma_mV)});
    const auto said = predicted.of("dendrites");
    all.insert(all.end(), said.begin(), said.end());
  }
  return all;
}
/// The true ones of a trial, [ms][component].
std::vector<float> true_components(const produce::DendriticBasis& basis, const RecordedTrial& trial) {
  const size_t duration = trial.soma_mV.size(), n = basis.components();
  std::vector<float> components(duration * n), mV(basis.compartments());
  for (size_t ms = 0; ms < duration; ++ms) {
    for (size_t c = 0; c < mV.size(); ++c) mV[c] = trial.dendrites_mV[c * duration + ms];
    basis.project(mV, std::span(components).subspan(ms * n, n));
  }
  return components;
}

std::vector<float> voltage_of(const produce::DendriticBasis& basis, std::span<const float> components,
                              int compartment) {
  std::vector<float> mV;
  for (size_t at = 0; at < components.size(); at += basis.components())
    mV.push_back(static_cast<float>(
        basis.voltage_mV(components.subspan(at, basis.components()), static_cast<size_t>(compartment))));
  return mV;
}

void take(BranchRecord& record, const DendriticSpikeSpec& spec, std::span<const float> mV,
          const std::vector<uint8_t>& counts, std::array<std::vector<float>, kScores> scores) {
  const auto spike = long_stretches(mV, spec.threshold_mV, spec.least_ms);
  record.spikes += rises(spike);
  for (size_t ms = 0; ms < spike.size(); ++ms) {
    record.counted_ms += counts[ms];
    record.spike_ms += counts[ms] != 0 && spike[ms] != 0;
  }
  for (size_t k = 0; k < scores.size(); ++k)
    record.trials[k].push_back({spike, counts, std::move(scores[k])});
}

BranchSpikes scored(const TerminalBranch& branch, const BranchRecord& record, double seconds, uint64_t seed) {
  BranchSpikes spikes{branch, static_cast<double>(record.spikes) / seconds,
                      static_cast<double>(record.spike_ms) / static_cast<double>(record.counted_ms)};
  if (record.spikes < kFewestDendriticSpikes) {
    spikes.note = fmt::format("{} NMDA spike{}: fewer than {} are not scored", record.spikes,
                              record.spikes == 1 ? "" : "s", kFewestDendriticSpikes);
    return spikes;
  }
  spikes.auc = branch_auc(record.trials[0], seed);
  spikes.components_auc = branch_auc(record.trials[1], seed);
  spikes.soma_auc = branch_auc(record.trials[2], seed);
  return spikes;
}

}  // namespace

DendriticSpikeSpec read_dendritic_spikes(const config::Settings& settings) {
  DendriticSpikeSpec spec;
  spec.trials = settings.integer("trials", spec.trials, {0, 1e6});
  spec.threshold_mV = settings.number("threshold_mV", spec.threshold_mV, {-100, 50});
  spec.least_ms = settings.integer("least_ms", spec.least_ms, {1, 1000});
  spec.before_soma_spike_ms = settings.integer("before_soma_spike_ms", spec.before_soma_spike_ms, {0, 1000});
  spec.after_soma_spike_ms = settings.integer("after_soma_spike_ms", spec.after_soma_spike_ms, {0, 1000});
  spec.skip_ms = settings.integer("skip_ms", spec.skip_ms, {0, 1e6});
  return spec;
}

std::vector<TerminalBranch> terminal_branches(const cell::DetailedCell& cell) {
  const auto& g = cell.geometry;
  std::vector<bool> branches_on(g.sections.size(), false);
  for (const auto& section : g.sections)
    if (section.parent >= 0) branches_on[section.parent] = true;
  std::vector<std::string> part(g.compartments.size());
  for (const auto& [name, compartments] : dendrite_parts(cell))
    for (const int c : compartments) part[c] = name;
  std::vector<TerminalBranch> branches;
  for (size_t s = 0; s < g.sections.size(); ++s) {
    const int middle = g.at(static_cast<int>(s), 0.5);
    const auto& name = part[middle];
    if (branches_on[s] || name.empty()) continue;
    branches.push_back({g.sections[s].name, name, middle, g.compartments[middle].path_um});
  }
  return branches;
}

std::vector<uint8_t> long_stretches(std::span<const float> mV, double threshold_mV, int64_t least_ms) {
  std::vector<uint8_t> bins(mV.size(), 0);
  for (size_t start = 0; start < mV.size();) {
    size_t end = start;
    while (end < mV.size() && mV[end] > threshold_mV) ++end;
    if (end - start >= static_cast<size_t>(least_ms))
      std::fill(&bins[start], &bins[start] + (end - start), 1);
    start = std::max(end, start + 1);
  }
  return bins;
}

std::vector<uint8_t> counted_ms(std::span<const double> soma_spikes_ms, int64_t duration_ms,
                                const DendriticSpikeSpec& spec) {
  std::vector<uint8_t> counts(duration_ms, 1);
  const auto leave_out = [&](int64_t first, int64_t last) {
    for (int64_t ms = std::max<int64_t>(first, 0); ms < std::min(last, duration_ms); ++ms) counts[ms] = 0;
  };
  leave_out(0, spec.skip_ms);
  for (const double spike : soma_spikes_ms) {
    const auto at = static_cast<int64_t>(spike);
    leave_out(at - spec.before_soma_spike_ms, at + spec.after_soma_spike_ms + 1);
  }
  return counts;
}

std::optional<statistics::Estimate> branch_auc(std::span<const BranchTrial> trials, uint64_t seed) {
  std::vector<statistics::TrialBins> bins;
  for (const auto& trial : trials) {
    auto& of = bins.emplace_back();
    for (size_t ms = 0; ms < trial.score.size(); ++ms) {
      if (trial.counts[ms] == 0) continue;
      of.score.push_back(trial.score[ms]);
      of.spike.push_back(trial.spike[ms]);
    }
  }
  const auto auc = statistics::resampled_auc(
      statistics::rank(bins), statistics::resampling_weights(bins.size(), kResamples, seed), kResamples);
  if (std::isnan(auc.value)) return {};
  return statistics::estimate(auc);
}

DendriticSpikes dendritic_spikes(twin::Twin& twin, const DendriticSpikeSpec& spec,
                                 const produce::DatasetPlan& plan, const produce::DendriticBasis* basis,
                                 int threads, const Watcher& watcher, const ranks::Ranks& ranks) {
  DendriticSpikes found{spec};
  const auto* cell = cell::compartmental(plan.cell);
  const int64_t components = twin.spec().outputs("dendrites");
  if (cell == nullptr || basis == nullptr || components == 0) {
    found.skipped = cell == nullptr
                        ? "a point neuron has no dendrites"
                        : "the twin predicts no dendritic voltages (data.dendritic_components is 0)";
    return found;
  }
  if (static_cast<int64_t>(basis->components()) != components ||
      basis->compartments() != cell->geometry.compartments.size()) {
    fail_input("dendritic_basis.h5 has {} components of {} compartments, the twin {}, the cell {}; remove it",
               basis->components(), basis->compartments(), components, cell->geometry.compartments.size());
  }
  if (spec.skip_ms >= plan.data.trial_ms) {
    fail_input("interpret.dendritic_spikes.skip_ms is {}, expected less than the trials' {} ms", spec.skip_ms,
               plan.data.trial_ms);
  }
  const auto branches = terminal_branches(*cell);
  std::vector<BranchRecord> records(branches.size());
  const RecordingPlan recording{{}, true, static_cast<size_t>(spec.trials), "branches"};
  const auto take_trial = [&](const RecordedTrial& trial, std::span<const float> said) {
    const size_t duration = trial.soma_mV.size();
    const auto counts = counted_ms(trial.spike_times_ms, plan.data.trial_ms, spec);
    const auto known = true_components(*basis, trial);
    for (size_t b = 0; b < branches.size(); ++b) {
      const auto c = branches[b].compartment;
      const auto mV = std::span(trial.dendrites_mV).subspan(static_cast<size_t>(c) * duration, duration);
      take(records[b], spec, mV, counts,
           {voltage_of(*basis, said, c), voltage_of(*basis, known, c), trial.soma_mV});
    }
  };
  const auto take_trials = [&](size_t, std::span<const RecordedTrial> trials) {
    const auto said = predicted_components(twin, trials, plan.identity.excitatory_synapses);
    const size_t each = said.size() / trials.size();
    for (size_t i = 0; i < trials.size(); ++i) take_trial(trials[i], std::span(said).subspan(i * each, each));
  };
  for_each_recorded(plan, recording, threads, watcher, take_trials, ranks);
  if (!ranks.is_first()) return found;
  const double seconds = static_cast<double>(spec.trials * plan.data.trial_ms) / 1000;
  for (size_t b = 0; b < branches.size(); ++b)
    found.branches.push_back(scored(branches[b], records[b], seconds, plan.seed));
  return found;
}

}  // namespace nt::interpret
