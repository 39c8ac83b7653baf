#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "stimulus/stimulus.hpp"

namespace nt::dataset {

/// Inputs as the events of a WindowBatch: a window for each, from its first ms on, after history_ms of
/// silence. Inhibitory synapses are the channels from `first_inhibitory` on.
std::vector<int32_t> input_events(std::span<const stimulus::SynapticInput> inputs, int64_t first_inhibitory,
                                  int64_t history_ms);

}  // namespace nt::dataset
