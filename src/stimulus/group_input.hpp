#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "random/random.hpp"

namespace nt::stimulus {

/// A group of synapses, for which spikes are drawn.
struct GroupSynapses {
  std::string name;
  bool excitatory = true;
  int first = 0, count = 0;         // numbers among their kind
  std::vector<double> distance_um;  // of each, along the tree from the soma
};

/// A trial of a group, and its streams of random numbers.
struct GroupTrial {
  uint64_t seed = 0;
  random::Stage stage = random::Stage::stimulus_train;
  uint64_t trial = 0;
  int64_t duration_ms = 0;
  size_t first_channel = 0;  // of the group's first synapse: excitatory synapses of the neuron come first
  uint64_t group = 0;        // its number among the groups with an input of their own
  double rate_factor = 1;    // on rates, where the kind of input has some

  random::Random of_synapse(size_t s) const {
    return {seed, stage, trial, {random::StreamName::synapse, first_channel + s}};
  }
  random::Random thinning(size_t s) const {
    return {seed, stage, trial, {random::StreamName::thinning, first_channel + s}};
  }
  /// What its synapses have in common.
  random::Random common() const { return {seed, stage, trial, {random::StreamName::group_input, group}}; }
};

/// The spikes of each synapse of a group, in ms from 0 before the trial's end.
using SpikeTimes = std::vector<std::vector<uint32_t>>;

/// A kind of input with its settings. A value that nobody changes; several threads draw at once.
class GroupInput {
 public:
  virtual ~GroupInput() = default;
  /// The spikes of one trial: a pure function of its arguments. In any order; several of a synapse in one ms
  /// count as one.
  virtual SpikeTimes draw(const GroupSynapses& synapses, const GroupTrial& trial) const = 0;
  /// Spikes of one synapse in a second, about.
  virtual double mean_hz(const GroupSynapses& synapses) const = 0;
  /// Whether rate_factor may be above 1. The trains of others can be thinned, but not raised.
  virtual bool has_rates() const { return true; }
};

/// A kind of input: its name under `kind`, and how its settings are read. Each is a file of its own,
/// input_NAME.cpp, and named in input_kinds.cpp.
struct InputKind {
  std::string_view name;
  std::shared_ptr<const GroupInput> (*read)(const config::Settings& settings, const GroupSynapses& synapses);
};
std::span<const InputKind> input_kinds();

/// A group with its input.
struct AssignedInput {
  GroupSynapses synapses;
  std::shared_ptr<const GroupInput> input;
  uint64_t number = 0;  // that of its streams: its place among all groups of the neuron
};

/// Reads `groups = { NAME = { kind = "poisson", ... } }` of [stimulus]. InputError where it is wrong.
std::vector<AssignedInput> read_group_inputs(const config::Settings& stimulus,
                                             std::vector<GroupSynapses> groups);

/// Factors on a group's rates.
struct GroupFactors {
  std::span<const double> of_synapse;  // empty: 1
  std::span<const double> over_time;   // [ms]; empty: 1
  double scale = 1;                    // of a calibration
};

/// The spikes of a group in a trial, each synapse's ascending. Where the kind of input has no rates, factors
/// below 1 thin it, and those above 1 leave it as it is.
SpikeTimes draw_group(const AssignedInput& group, GroupTrial trial, const GroupFactors& factors);

/// Rates that are scaled until the neuron fires at a rate.
struct Calibration {
  double rate_hz = 1;
  std::vector<std::string> groups;  // names; empty: all input
  int64_t trials = 16;              // that it is found on
  double tolerance = 0.1;           // of the rate, as a share
};
/// Reads `calibrate = { rate_hz, groups, trials, tolerance }` of [stimulus]; nothing unless it is there.
std::optional<Calibration> read_calibration(const config::Settings& stimulus,
                                            std::span<const GroupSynapses> groups);

/// A number, or two of which it is drawn uniformly, for each trial.
struct NumberOrRange {
  double low = 0, high = 0;

  double draw(random::Random& random) const { return low == high ? low : random.uniform(low, high); }
  double middle() const { return (low + high) / 2; }
};
/// Without a default the key is required.
NumberOrRange read_number_or_range(const config::Settings& settings, std::string_view key,
                                   std::optional<NumberOrRange> otherwise, config::Range range);

/// Appends the spikes of a train without memory, at most one in each ms, each with the chance hz/1000.
void draw_poisson(double hz, int64_t duration_ms, random::Random& random, std::vector<uint32_t>& times);

}  // namespace nt::stimulus
