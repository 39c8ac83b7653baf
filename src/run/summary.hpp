#pragma once
#include "run/experiment.hpp"

namespace nt::run {

/// The main scores of a finished run, as its metrics.json has them, and where its report is, in a few lines.
std::string summary_of(const Experiment& experiment, const std::filesystem::path& folder);

}  // namespace nt::run
