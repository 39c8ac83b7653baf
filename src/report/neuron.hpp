#pragma once
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "cell/detailed.hpp"

namespace nt::report {

/// A number for every synapse (excitatory ones first) or every compartment, to colour the neuron by. NaN
/// where there is none.
struct NeuronQuantity {
  enum class Per { synapse, compartment };
  std::string name, unit;
  Per per = Per::synapse;
  std::vector<double> values;
};

/// neuron.json but for the trial: the compartments and where they lie in space, which of them the synapses
/// are on, and quantities to colour by: the part of the neuron, `quantities`, and of interpretation.json the
/// synapses' responses, the branches' templates, and what it lists under "per_synapse" and "per_compartment"
/// as {name, unit, values}.
/// InputError if such a list is not as long as the neuron has synapses or compartments.
nlohmann::ordered_json neuron_json(const cell::DetailedCell& cell, std::span<const NeuronQuantity> quantities,
                                   const nlohmann::ordered_json& interpretation);

}  // namespace nt::report
