#pragma once
#include "cell/cell.hpp"
#include "simulate/trial.hpp"

namespace nt::simulate {

/// Simulates the point neuron for `duration_ms`.  V(t) = reset + sum of weight exp(-(t - t_in)/tau) over the
/// input spikes of the last `kernel_ms`, input at t included. Where V(t) > threshold (and t is not the last
/// bin) there is a spike at t, and from t + 1 on (V(t+1) - reset) exp(-k/tau), k = 0..kernel_ms-1, is taken
/// off. UnphysicalVoltage where V is outside what membranes have.
Trial simulate(const cell::IntegrateAndFire& cell, stimulus::SynapticInput input, int64_t duration_ms);

/// The same of a soma that its branches drive: what they give it in a ms arrives in that ms.
Trial simulate(const cell::TwoLayerNeuron& cell, stimulus::SynapticInput input, int64_t duration_ms);

/// The point neuron from the definition, sum by sum; the reference for the tests.
Trial simulate_reference(const cell::IntegrateAndFire& cell, stimulus::SynapticInput input,
                         int64_t duration_ms);

}  // namespace nt::simulate
