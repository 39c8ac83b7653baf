#pragma once
#include <optional>
#include <string>
#include <vector>

#include "produce/plan.hpp"
#include "progress/watcher.hpp"
#include "ranks/ranks.hpp"
#include "statistics/estimate.hpp"
#include "twin/twin.hpp"

namespace nt::interpret {

/// Linear probes (Alain and Bengio 2016) of the twin's hidden layers for what happens inside the neuron.
/// Reads [interpret.probes].
struct ProbeSpec {
  int64_t trials_fit = 0, trials_score = 0;  // of the test stream, one after the other; 0: no probes
  int64_t skip_ms = 500;                     // at the start of each trial
  std::vector<simulate::Quantity> quantities;
};
/// InputError where a quantity or place is asked for that the neuron has not; it lists those it has.
ProbeSpec read_probes(const config::Settings& settings, const cell::Neuron& cell);

/// All that may be probed: everything at the soma, at the nexus and at the recording sites, and the synapses'
/// conductances summed over the parts of the tree. A point neuron has its voltage.
std::vector<simulate::Quantity> probed_quantities(const cell::Neuron& cell);

/// Variance explained, with a 95 % interval; none of what does not vary.
using Explained = std::optional<statistics::Estimate>;

struct ProbedQuantity {
  simulate::Quantity quantity;
  std::vector<Explained> trained = {}, untrained = {};  // by each layer
  Explained voltage = {};                               // by the somatic voltage
  /// Differences, layer by layer, with intervals of their own: the same trials are drawn for both.
  std::vector<Explained> trained_minus_untrained = {}, trained_minus_voltage = {};
};

struct LayerProbes {
  int64_t trials_fit = 0, trials_score = 0, skip_ms = 0;
  std::vector<int64_t> voltage_lags_ms = {};
  std::vector<std::string> layers = {};  // their names
  std::vector<ProbedQuantity> quantities = {};
};

/// How well each quantity is a linear function, at the same ms, of each layer of the twin, of the layers of
/// the same network before training, and of the somatic voltage of that ms and some before: the variance
/// explained on trials that the regression has not seen, with intervals from a bootstrap over these. For all
/// ranks, to which the trials are dealt out; rank 0 has the probes.
LayerProbes probe_layers(twin::Twin& twin, const ProbeSpec& spec, const produce::DatasetPlan& plan,
                         int threads, const Watcher& watcher = {},
                         const ranks::Ranks& ranks = *ranks::alone());

/// A network of the same shape with other weights, as training begins, whose running averages of batch
/// normalisation are those of these inputs (one window each, of window_ms after the twin's history).
twin::Twin untrained_network(const twin::Twin& twin, uint64_t seed,
                             std::span<const std::vector<int32_t>> events, int64_t window_ms);

}  // namespace nt::interpret
