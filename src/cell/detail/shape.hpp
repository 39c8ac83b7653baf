#pragma once
#include "cell/detailed.hpp"

namespace nt::cell {

/// The tree of a description, cut into compartments: its morphology, what stands for the axon, axial
/// resistivities, and `compartment_rule`.
void read_shape(const config::Settings& settings, const std::filesystem::path& folder,
                const CellChoices& choices, DetailedCell& cell);

/// Spines as more membrane: `spines = [ { regions, factor } ]` multiplies capacitances and the conductances
/// of leaks there (Koch and Segev 1998, Methods in Neuronal Modeling, ch. 6).
void add_spines(const config::Settings& settings, DetailedCell& cell);

/// Reversal potentials by place: `reversal = [ { regions, na = 60 } ]`, numbers or formulas.
void read_reversals(const config::Settings& settings, DetailedCell& cell);

/// A leak has no states, and its current is a straight line of voltage.
bool is_leak(const mechanism::Mechanism& m);

}  // namespace nt::cell
