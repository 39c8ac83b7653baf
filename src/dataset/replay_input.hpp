#pragma once
#include <filesystem>

#include "stimulus/stimulus.hpp"

namespace neurontwin {

/// The input of a replay file: /input/{exc,inh}/{compartment,time_ms}, sorted by time here. InputError if it
/// is wrong.
SynapticInput read_replay_input(const std::filesystem::path& file);

}  // namespace neurontwin
