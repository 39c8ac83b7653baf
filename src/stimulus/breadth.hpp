#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "stimulus/shifted.hpp"

namespace nt::stimulus {

/// A mixture of input distributions for training, so that a twin learns the neuron on more than one. Each
/// trial belongs to one member, and draws that member's parameters anew: a family of distributions, not a few
/// points of it. All of it are factors on the rates of [stimulus] (stimulus/shifted.hpp).
struct Breadth {
  using Between = std::pair<double, double>;  // of which a number is drawn, uniformly
  struct Member {
    std::string name;
    double share = 0;  // of all trials; those of all members sum to 1
  };
  std::vector<Member> members;  // none: every trial is as [stimulus] says

  Between rates_low_factor{0, 1}, rates_high_factor{1, 2};
  Between synchrony_share{0, 0.4}, synchrony_bursts_hz{5, 20}, synchrony_burst_ms{3, 10};
  double clusters_driven_share = 0.3;  // at most
  Between clusters_driven_factor{2, 6};
  Between sinusoidal_period_ms{15, 300}, sinusoidal_depth{0, 1};
  Between silence_ms{100, 2000}, silence_factor{0, 0.1};

  int64_t cluster_count = 64, clusters_fit_trials = 8;
  SynapseClusters clusters;  // the neuron's; to be there before a trial is drawn, if needs_clusters()

  bool needs_clusters() const;
};

/// All members that there are: "unchanged", which is [stimulus] as it is, the sets of
/// [evaluate.generalisation], and "silence".
std::vector<std::string> breadth_member_names();

/// Reads [stimulus.breadth], of which there is none unless the table is there. `stimulus`: the table around
/// it. InputError where it is wrong, or where a member makes no sense for the neuron.
Breadth read_breadth(const config::Settings& stimulus, bool has_dendrites, bool has_inhibition);

/// The member that a trial belongs to: a pure function of its arguments.
const std::string& member_of(const Breadth& breadth, uint64_t seed, random::Stage stage, uint64_t trial);

/// How the input of a trial is other than [stimulus] says: a pure function of its arguments.
StimulusShift draw_shift(const Breadth& breadth, uint64_t seed, random::Stage stage, uint64_t trial);

/// The mean input spikes over all trials, as a multiple of what [stimulus] leads to expect. Takes it that the
/// neuron has as many clusters as asked for.
struct MeanFactors {
  double excitatory = 1, inhibitory = 1;
};
MeanFactors mean_factors(const Breadth& breadth);

}  // namespace nt::stimulus
