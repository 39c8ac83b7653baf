#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cell/neuron.hpp"
#include "evaluate/metrics.hpp"
#include "interpret/validity.hpp"
#include "twin/twin.hpp"

namespace nt::interpret {

/// Least squares over all lags: for each tau the best amplitude is known, and tau is found by golden-section
/// search on its logarithm between 0.1 ms and ten times the filter's length. NaN for a filter of zeros.
ExponentialFit fit_exponential(std::span<const double> filter);

/// The filters of one unit's synapses of one kind.
struct KindOfFilters {
  std::vector<double> mean, sd;  // [lag], over synapses
  ExponentialFit fit;            // through the mean
  statistics::Estimate tau_ms;   // the fit's, with a 95 % interval from a bootstrap over synapses
  std::string tau_note;          // why that is no time constant (validity.hpp); empty: it is one
  std::vector<std::vector<double>> each = {};  // [synapse][lag], of some units alone
};

/// The same of a named group of synapses.
struct GroupFilters {
  std::string name;
  bool excitatory = true;
  KindOfFilters filters;
};

struct UnitFilters {
  std::optional<double> readout;  // by the spike head, its size; of a network of one layer alone
  std::optional<KindOfFilters> excitatory, inhibitory;
  std::vector<GroupFilters> groups = {};  // where the neuron names some
};

/// What the first layer learned. In a network of one layer a unit's filters are given the sign of its readout
/// by the spike head, so that positive means towards a spike. A twin without filters has no units here.
struct FirstLayer {
  std::vector<double> memory_tau_ms = {};  // of a twin with memory units
  int64_t taps = 0;                        // lags, 1 ms apart
  std::vector<UnitFilters> units = {};
  /// What the filters of a point neuron's twin should decay with; a neuron with dendrites has no such single
  /// number.
  std::optional<double> membrane_time_constant_ms = {};
};
/// `groups`: named blocks of synapses.
FirstLayer interpret_filters(const twin::Twin& twin, int64_t excitatory_synapses,
                             std::optional<double> membrane_time_constant_ms, uint64_t seed,
                             std::span<const cell::SynapseBlock> groups = {});

/// "filter.excitatory_tau_ms", ... of the first unit: null, and in "filter.excitatory_tau_note" why, where
/// there is no time constant. Nothing of a twin without filters.
evaluate::Metrics filter_metrics(const FirstLayer& layer);

}  // namespace nt::interpret
