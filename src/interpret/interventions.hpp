#pragma once

#include "evaluate/metrics.hpp"
#include "produce/plan.hpp"
#include "ranks/ranks.hpp"
#include "twin/twin.hpp"

namespace nt::interpret {

/// Does the twin answer a change of its input as the neuron does? Test trials are simulated once more, as
/// they are and with one thing changed. Reads [evaluate.interventions].
struct InterventionSpec {
  int64_t trials = 16;        // the first test trials; 0: no test
  int64_t stretch_ms = 1000;  // of each, from its start; no more than a trial has
  int64_t after_ms = 100;     // for which answers are compared
};
InterventionSpec read_interventions(const config::Settings& settings);

/// A change of a trial's input, and where answers to it are compared.
struct Intervention {
  stimulus::SynapticInput input;  // changed
  int64_t from_ms = 0;
};

/// The input with one spike added at a random excitatory synapse and ms, which has none there, so late that
/// before `after_ms` the stretch does not end and so early that a third of it is over. Nothing if the neuron
/// has no such synapse.
std::optional<Intervention> with_added_spike(const stimulus::SynapticInput& input,
                                             int64_t excitatory_synapses, int64_t stretch_ms,
                                             int64_t after_ms, random::Random& random);
/// The input without any spike of one synapse, of either kind: that of a random spike among those late and
/// early enough, from which on answers are compared. Nothing if there is no such spike.
std::optional<Intervention> with_silenced_synapse(const stimulus::SynapticInput& input, int64_t stretch_ms,
                                                  int64_t after_ms, random::Random& random);

/// Changed less unchanged of one intervention, in the ms from `from_ms` on that lie away from output spikes
/// (kBeforeSpike_ms, kAfterSpike_ms).
struct ResponsePair {
  std::vector<double> neuron_mV, twin_mV;
};
struct Responses {
  std::vector<ResponsePair> kept;
  int64_t left_out = 0;  // an output spike came, went or moved by a ms before the end of what is compared
};

/// "NAME.power_explained": 1 - power of (twin's response - neuron's) / power of the neuron's, over all pairs;
/// "NAME.correlation" of the two; "NAME.rms_mV" of the neuron's; with intervals from a bootstrap over pairs;
/// "NAME.pairs", "NAME.left_out". Of fewer than kFewestSpikes pairs the last two alone.
evaluate::Metrics response_scores(const std::string& name, const Responses& responses, int64_t resamples,
                                  uint64_t seed);

/// response_scores() of "response.added_spike" and "response.silenced_synapse". `test`: whose inputs are
/// changed, of the neuron of `plan`. Voltages are clipped as in the data (soma_ceiling_mV). Draws depend on
/// the plan's seed and the trial alone. RunError if the user stopped it. For all ranks, to which the trials
/// are dealt out; rank 0 has the scores.
evaluate::Metrics intervention_scores(twin::Twin& twin, const produce::DatasetPlan& plan,
                                      const dataset::Split& test, const InterventionSpec& spec,
                                      int64_t resamples, int threads,
                                      const ranks::Ranks& ranks = *ranks::alone());

}  // namespace nt::interpret
