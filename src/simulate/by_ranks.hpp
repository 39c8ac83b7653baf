#pragma once
#include "ranks/ranks.hpp"
#include "simulate/simulator.hpp"

namespace nt::simulate {

/// simulate() of trials that are dealt out to ranks: for all of them, with the same inputs. On rank 0 all
/// recordings, the same to the bit with any number of ranks; on the others none. Voltages of named sites are
/// not handed on.
std::vector<Recording> simulate_by(const ranks::Ranks& ranks, const cell::Neuron& neuron,
                                   const SimulationSpec& spec,
                                   std::span<const stimulus::SynapticInput> inputs, int64_t duration_ms,
                                   int threads);

}  // namespace nt::simulate
