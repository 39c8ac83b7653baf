#pragma once
#include "device/device.hpp"
#include "produce/make_dataset.hpp"

namespace nt::produce {

/// make_dataset() whose trials are simulated on a device of this kind (docs/gpu.md), many batches at the same
/// time: one is drawn, or written, while others run. What is fitted to trials before is fitted on the CPU.
/// InputError where there is no such device, or it cannot simulate the plan's neuron.
int64_t make_dataset_on(device::Kind kind, const DatasetPlan& plan, const std::filesystem::path& folder,
                        int threads, const Watcher& watcher, const MakingHooks& hooks = {});

}  // namespace nt::produce
