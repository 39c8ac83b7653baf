#pragma once
#include <string_view>

#include "run/run_folder.hpp"

namespace nt::run {

// A stage that only asks a neuron and its twin uses the device that the user asked for as far as this goes,
// and the user is told what the CPU computes in its place.

/// The plan, whose trials a device simulates if it can.
produce::DatasetPlan on_device(produce::DatasetPlan plan, const RunFolder& run, std::string_view stage);
/// RunFolder::trained_twin(), which predicts on a device if its kind can.
twin::Twin twin_on_device(const RunFolder& run, std::string_view stage);

}  // namespace nt::run
