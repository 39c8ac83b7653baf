#pragma once
#include <vector>

#include "twin/network.hpp"

namespace neurontwin {

/// How much the first layer listens to each synapse, excitatory ones first: the sum over lags of the size of
/// its weights, mean over units. Empty for a recurrent twin, which has no filters.
std::vector<double> synapse_weights(const TwinImpl& twin);

}  // namespace neurontwin
