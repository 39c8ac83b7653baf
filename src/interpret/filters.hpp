#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "cell/neuron.hpp"
#include "evaluate/metrics.hpp"
#include "interpret/validity.hpp"
#include "twin/twin.hpp"

namespace nt::interpret {

/// Least squares over all lags: for each tau the best amplitude is known, and tau is found by golden-section
/// search on its logarithm between 0.1 ms and ten times the filter's length. NaN for a filter of zeros.
ExponentialFit fit_exponential(std::span<const double> filter);

/// What the first layer learned: for each unit the filters of its excitatory and inhibitory synapses, their
/// mean, and the time constant with which it decays (95 % interval from a bootstrap over synapses), or null
/// and in `tau_note` why there is none (validity.hpp). In a network of one layer a unit's filters are given
/// the sign of its readout by the spike head, so that positive means towards a spike. Of a twin
/// with memory units their time constants; one without filters has no units here.
struct Interpretation {
  nlohmann::ordered_json document;  // interpretation.json
  evaluate::Metrics metrics;        // "filter.excitatory_tau_ms", ... for the first unit
};
/// `membrane_time_constant_ms`: what the filters of a point neuron's twin should decay with; a neuron with
/// dendrites has no such single number. `groups`: named blocks of synapses, of which each unit has the same
/// under `groups`.
Interpretation interpret_filters(const twin::Twin& twin, int64_t excitatory_synapses,
                                 std::optional<double> membrane_time_constant_ms, uint64_t seed,
                                 std::span<const cell::SynapseBlock> groups = {});

}  // namespace nt::interpret
