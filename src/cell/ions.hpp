#pragma once
#include <map>
#include <string>
#include <vector>

#include "cell/detailed.hpp"

namespace nt::cell {

/// The ions of a cell: those that its mechanisms use, and na, k and ca. What a description says of them:
///   reversal_mV = { na = 50, mg = 10 }
///   ions = { mg = { inside_mM = 0.5, outside_mM = 1.2, fixed_reversal = true } }; calcium = { inside_mM,
///   outside_mM } for ca
/// InputError where two files say different valences, and where none does though Nernst's equation needs it.
std::map<std::string, mechanism::Ion> read_ions(const config::Settings& settings,
                                                const std::vector<Placement>& placements);

/// Whether the ion's reversal potential in a compartment is that of its concentrations: where a mechanism
/// reads or writes one of them and none writes the reversal potential, as in NEURON, and the description does
/// not fix it. Elsewhere it is what the description says.
bool follows_nernst(const DetailedCell& cell, const std::string& ion, int compartment);

/// The ion as it is in a compartment where a simulation starts, before any INITIAL; its reversal potential is
/// of no meaning where follows_nernst().
mechanism::Ion ion_at(const DetailedCell& cell, const std::string& ion, int compartment);

/// The ion's reversal potential where a simulation starts, before any INITIAL.
double resting_reversal_mV(const DetailedCell& cell, const std::string& ion, int compartment);

}  // namespace nt::cell
