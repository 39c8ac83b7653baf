#pragma once
#include "cell/detailed.hpp"

namespace nt::cell {

/// `balance = { mechanism = "pas", parameter = "e", mV = -70 }`: in each compartment with the mechanism, a
/// leak, its reversal potential becomes the one at which the membrane's steady currents cancel at mV, so that
/// the neuron rests there everywhere: e = mV + (sum of the other currents at mV)/g. Call last. InputError
/// where the leak conducts nothing, or would need a potential that no membrane has.
void balance(const config::Settings& settings, DetailedCell& cell);

}  // namespace nt::cell
