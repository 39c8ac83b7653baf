#pragma once
#include "device/device.hpp"
#include "produce/trial_source.hpp"

namespace nt::produce {

/// trial_source() on a device; on the CPU where that is null.
TrialSource trial_source_on(std::shared_ptr<device::Device> device, const DatasetPlan& plan,
                            std::span<const SignalMaker> makers);

}  // namespace nt::produce
