#pragma once
#include "run/experiment.hpp"

namespace neurontwin {

/// Prints the main scores of a finished run, as its metrics.json has them, and where its report is.
void print_summary(const Experiment& experiment, const std::filesystem::path& folder);

}  // namespace neurontwin
