#pragma once
#include <vector>

#include "twin/twin.hpp"

namespace nt::interpret {

/// How much the first layer listens to each synapse, excitatory ones first: the sum over lags of the size of
/// its weights, mean over units. Empty for a twin without filters.
std::vector<double> synapse_weights(const twin::Twin& twin);

}  // namespace nt::interpret
