#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cell/neuron.hpp"
#include "config/settings.hpp"
#include "simulate/simulation.hpp"
#include "stimulus/group_input.hpp"

namespace nt::network {

/// Of one connection; and of a weight, to either side of 0.
inline constexpr int64_t kMostContacts = 10'000;
inline constexpr double kLargestWeight = 1e6;

/// Part of what a result is known by. Raise it when the same file and seed come to other spikes.
inline constexpr int kNetworkVersion = 1;

/// What a population's neurons are.
enum class Kind : uint8_t { cell, twin, poisson, recorded };
inline constexpr std::array<std::string_view, 4> kKinds{"cell", "twin", "poisson", "recorded"};

/// When a twin fires: where its probability of a spike rises above a threshold, once until it is below it
/// again; or by a draw with that probability in each ms.
enum class SpikeRule : uint8_t { threshold, draw };
inline constexpr std::array<std::string_view, 2> kSpikeRules{"threshold", "draw"};

struct Population {
  std::string name;
  Kind kind = Kind::twin;
  int64_t neurons = 1;
  std::shared_ptr<const cell::Neuron>
      cell;                    // what the neurons are, or what their twin stands for; may be null
  std::filesystem::path twin;  // what they are, or what may stand for them; may be empty
  SpikeRule spikes = SpikeRule::threshold;
  std::optional<double> threshold;  // a probability; none: the twin's own
  int64_t refractory_ms = 0;        // after a twin's spike
  double rate_hz = 0;               // of Poisson sources
  std::filesystem::path recording;  // of recorded ones; their numbers are the units of the file
  std::string recorded_population;
  /// Where neurons lie: at random in a box of this size, or as a file says. Empty: nowhere.
  std::vector<double> box_um = {};
  std::filesystem::path positions = {};
  int64_t record_soma = 0;                  // of how many neurons, the first, the voltage is kept
  std::string where = {}, twin_where = {};  // file:line, for messages

  bool fires_by_itself() const { return kind == Kind::poisson || kind == Kind::recorded; }
};

/// Some of a neuron's synapses: of a group, or by their numbers; in regions, and so far from the soma.
struct SynapseChoice {
  std::string group;  // "excitatory", "inhibitory", or a named one; empty: by numbers
  std::vector<int64_t> numbers = {};
  std::vector<std::string> regions = {};  // empty: all
  double nearest_um = 0, farthest_um = std::numeric_limits<double>::infinity();
  std::string where;
};

/// Which neurons are connected.
enum class Rule : uint8_t {
  all_to_all,
  one_to_one,
  fixed_probability,
  fixed_indegree,
  distance,
  list,
  sonata
};
inline constexpr std::array<std::string_view, 7> kRules{
    "all-to-all", "one-to-one", "fixed-probability", "fixed-indegree", "distance", "list", "sonata"};

/// How the probability of a connection falls with the distance r: p exp(-r/l), p exp(-r^2/(2 l^2)), or p up
/// to l and 0 beyond.
enum class Falloff : uint8_t { exponential, gaussian, step };
inline constexpr std::array<std::string_view, 3> kFalloffs{"exponential", "gaussian", "step"};

struct Projection {
  size_t from = 0, to = 0;  // populations
  Rule rule = Rule::all_to_all;
  double probability = 1;  // of fixed probability, and at distance 0
  int64_t indegree = 0;
  double length_um = 0;
  Falloff falloff = Falloff::exponential;
  std::filesystem::path file;                       // of a list, or of SONATA edges
  std::string edges;                                // the population of edges in it
  std::vector<int64_t> sources = {}, targets = {};  // of a list in place
  SynapseChoice synapses;
  int64_t contacts = 1;                                      // of each connection, each on a synapse
  stimulus::NumberOrRange delay_ms{1, 1};                    // drawn for each connection
  double weight = std::numeric_limits<double>::quiet_NaN();  // of a spike; NaN: the synapse's own
  bool autapses = false;                                     // a neuron to itself
  bool multapses = false;                                    // two connections of a neuron to another
  std::string where;
};

/// Poisson spikes to each of the chosen synapses of each neuron, all independent.
struct Background {
  size_t to = 0;
  SynapseChoice synapses;
  double rate_hz = 0;  // of each synapse
  double from_ms = 0, until_ms = std::numeric_limits<double>::infinity();
  std::string where;
};

/// A network as its file says it. docs/networks.md has every key.
struct Spec {
  std::string title;
  uint64_t seed = 1;
  int64_t duration_ms = 1000;
  simulate::SimulationSpec simulation;  // of detailed neurons
  bool whole_ms = false;                // spikes reach them at the beginning of a ms, as they do twins
  std::vector<Population> populations;
  std::vector<Projection> projections;
  std::vector<Background> backgrounds;
  double bin_ms = 5;        // of spike counts that correlations are of
  double transient_ms = 0;  // at the start, which measures of activity leave out
};

/// Reads NETWORK.toml. InputError naming file:line and key where it is wrong.
Spec read_network(const config::Settings& settings);

/// The population of this name; InputError at `where` if there is none.
size_t population_named(const std::vector<Population>& populations, const std::string& name,
                        const std::string& where);

/// The same network with every twin in the place of its neuron, or every neuron in the place of its twin.
/// InputError naming the population that has none.
Spec with_all(Spec spec, Kind kind);

}  // namespace nt::network
