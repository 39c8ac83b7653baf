#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "produce/dendritic_basis.hpp"
#include "produce/plan.hpp"
#include "progress/watcher.hpp"
#include "ranks/ranks.hpp"
#include "statistics/estimate.hpp"
#include "twin/twin.hpp"

namespace nt::interpret {

/// Which branches' NMDA spikes (Schiller, Major, Koester and Schiller 2000) the twin's predicted dendritic
/// voltages find. A branch is a dendrite without further branches, its voltage that of its middle. An NMDA
/// spike is a stretch of at least `least_ms` above `threshold_mV`, far longer than a spike that comes back
/// from the soma; milliseconds around the soma's spikes do not count. In the tuft, Ca2+ spikes pass for the
/// same. Reads [interpret.dendritic_spikes].
struct DendriticSpikeSpec {
  int64_t trials = 0;  // of the test stream; 0: not asked
  double threshold_mV = -40;
  int64_t least_ms = 10;
  int64_t before_soma_spike_ms = 2, after_soma_spike_ms = 10;
  int64_t skip_ms = 500;  // at the start of each trial
};
DendriticSpikeSpec read_dendritic_spikes(const config::Settings& settings);

/// A dendrite without further branches.
struct TerminalBranch {
  std::string section, part;  // "dend[3]", "basal"
  int compartment = 0;        // its middle
  double path_um = 0;         // of this, along the tree from the soma
};
std::vector<TerminalBranch> terminal_branches(const cell::DetailedCell& cell);

/// 1 in each ms of the stretches of at least `least_ms` above the threshold.
std::vector<uint8_t> long_stretches(std::span<const float> mV, double threshold_mV, int64_t least_ms);
/// 1 in each ms that counts: after the start, and not around the soma's spikes.
std::vector<uint8_t> counted_ms(std::span<const double> soma_spikes_ms, int64_t duration_ms,
                                const DendriticSpikeSpec& spec);

/// What one trial says of a branch.
struct BranchTrial {
  std::vector<uint8_t> spike, counts;  // [ms]
  std::vector<float> score;            // [ms]: the higher, the likelier a spike
};
/// The area under the ROC curve over the milliseconds that count, with a 95 % interval from a bootstrap over
/// trials; nothing without a ms of either kind.
std::optional<statistics::Estimate> branch_auc(std::span<const BranchTrial> trials, uint64_t seed);

/// How well milliseconds of NMDA spikes of a branch are told from others.
struct BranchSpikes {
  TerminalBranch branch;
  double spikes_hz = 0;      // stretches, those around the soma's spikes included
  double share_of_time = 0;  // of the ms that count
  std::string note = {};     // why there are no scores
  /// By the twin's voltage there; by the true components, which is all that the basis leaves of a voltage; by
  /// the true somatic voltage. None where there is nothing to tell.
  std::optional<statistics::Estimate> auc = {}, components_auc = {}, soma_auc = {};
};

struct DendriticSpikes {
  DendriticSpikeSpec spec;
  std::string skipped = {};  // why nothing was asked: the twin predicts no dendritic voltages
  std::vector<BranchSpikes> branches = {};
};
/// For all ranks, to which the trials are dealt out; rank 0 has the scores.
DendriticSpikes dendritic_spikes(twin::Twin& twin, const DendriticSpikeSpec& spec,
                                 const produce::DatasetPlan& plan, const produce::DendriticBasis* basis,
                                 int threads, const Watcher& watcher = {},
                                 const ranks::Ranks& ranks = *ranks::alone());

}  // namespace nt::interpret
