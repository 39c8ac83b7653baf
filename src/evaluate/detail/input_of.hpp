#pragma once
#include "dataset/shard.hpp"

namespace nt::evaluate {

/// A copy of a trial's input spikes, those before `until_ms`.
stimulus::SynapticInput input_of(const dataset::TrialView& trial, int64_t until_ms);

}  // namespace nt::evaluate
