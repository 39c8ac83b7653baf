#pragma once
#include <filesystem>

#include "neurontwin/run.hpp"

namespace nt::run {

/// Copies morphology and mechanisms into the folder and writes cell.toml and FOLDER.toml beside them.
/// Returns the experiment's file. InputError where the folder holds something already, or a file is wrong.
std::filesystem::path make_experiment(const neurontwin::NewExperiment& asked);

}  // namespace nt::run
