#pragma once
#include <filesystem>
#include <optional>

#include "produce/plan.hpp"
#include "progress/watcher.hpp"

namespace nt::produce {

/// By what the rates of [stimulus] were scaled, and how the neuron fires then.
struct CalibrationResult {
  double factor = 1, output_hz = 0;
};

/// Where it lies in the folder of a data set.
std::filesystem::path calibration_path(const std::filesystem::path& folder);

/// The plan with its rates scaled as stimulus.calibrate asks for, or as it is where nothing is asked for. The
/// factor is read from the folder, or found and written there: by bisection of its logarithm on the first
/// trials of a stream of its own, so that it depends on neither threads nor splits. InputError where no
/// factor from 1/1000 to 1000 brings the neuron to that rate.
DatasetPlan calibrate(const DatasetPlan& plan, const std::filesystem::path& folder, int threads,
                      const Watcher& watcher);

/// The same where the data set is there. InputError where its factor is missing.
DatasetPlan calibrated(const DatasetPlan& plan, const std::filesystem::path& folder);

/// What was found; nothing where it is not there, or was found for another configuration.
std::optional<CalibrationResult> read_calibration_result(const DatasetPlan& plan,
                                                         const std::filesystem::path& folder);

}  // namespace nt::produce
