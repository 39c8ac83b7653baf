#pragma once
#include "cell/detail/assemble.hpp"

namespace nt::cell {

/// The synapses of a description, in one of two ways. `excitatory` and `inhibitory`: one of the kind on each
/// compartment of its regions. Or groups, any number of them:
///   synapses = [ { name, kind, mechanism, regions, count | per_um, weight, delay_ms, PARAMETER } ]
/// InputError where they are wrong.
void read_synapses(const config::Settings& settings, const CellChoices& choices, const Files& files,
                   DetailedCell& cell);

/// Groups of synapses (docs/cells.md, "Groups of synapses"). Each is a placement of its own, an instance for
/// each synapse. `receptors`: "ampa" switches nmda_gmax off.
void read_synapse_groups(const config::Settings& settings, const Files& files, const std::string& receptors,
                         DetailedCell& cell);

/// The synapses' mechanism in these compartments. InputError where it receives no events.
Placement read_synapse_placement(const config::Settings& settings, const Files& files,
                                 const std::string& receptors, const morphology::Compartments& geometry,
                                 std::vector<int> compartments);

/// InputError where events need a weight that the description does not give, or a parameter of the mechanism
/// has that name.
void require_weight(const config::Settings& settings, const mechanism::Mechanism& m);

}  // namespace nt::cell
