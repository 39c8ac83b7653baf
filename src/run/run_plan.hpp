#pragma once
#include <span>

#include "run/experiment.hpp"
#include "run/stages.hpp"

namespace nt::run {

/// Looks at the run folder, and times a moment of simulation and a few steps of training where these are to
/// be done. Makes nothing. InputError where one of these asks a device for what it cannot do.
neurontwin::RunPlan plan_run(const Experiment& experiment, const Options& options,
                             std::span<const StageName> stages);

/// InputError where one of these that is to be done asks a device for what it cannot do. Makes nothing.
void require_suits_device(const Experiment& experiment, const Options& options,
                          std::span<const StageName> stages);

/// It in a few lines.
std::string words_for(const neurontwin::RunPlan& plan);

}  // namespace nt::run
