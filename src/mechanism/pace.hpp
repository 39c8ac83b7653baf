#pragma once
#include <map>
#include <vector>

#include "mechanism/mechanism.hpp"

namespace nt::mechanism {

/// For each state, its shortest time constant in ms at voltages between -90 and 20 mV; infinite if it does
/// not decay. `values`: of all symbols but v, dt and the stored variables.
std::vector<double> shortest_time_constants_ms(const Mechanism& mechanism, std::map<Expr, double> values);

/// Whether its current is a straight line of v, so that it can be held while the states stay.
bool is_ohmic(const Mechanism& mechanism);

/// Whether its currents or states depend on the time itself, like those of an electrode that is switched on
/// and off.
bool knows_time(const Mechanism& mechanism);

/// The stored variables in one or two parts that can be advanced one without the other: the second holds
/// states more than four times slower than the fastest. What receives events is one part.
std::vector<std::vector<size_t>> parts_of(const Mechanism& mechanism);

}  // namespace nt::mechanism
