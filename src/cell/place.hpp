#pragma once
#include "config/settings.hpp"
#include "morphology/compartments.hpp"

namespace nt::cell {

/// The thickest compartment of a region at a distance along the tree from the soma's middle; -1 if the region
/// has none so far away.
int compartment_at(const morphology::Compartments& geometry, morphology::Region region, double distance_um);

/// One place in a neuron, said by `section` ("apic[36]") and `x` (0 to 1 along it, 0.5 unless given), or by
/// `region` and `distance_um`: there the thickest compartment. Returns the compartment. InputError naming
/// file:line and key if there is no such place.
int read_place(const config::Settings& settings, const morphology::Compartments& geometry);

/// The same for a point process. At x = 0 of a section that hangs inside another, NEURON puts it there, and
/// so does this; at other ends NEURON has a point without membrane, which is no place here: InputError.
int read_place_of_process(const config::Settings& settings, const morphology::Compartments& geometry);

}  // namespace nt::cell
