#pragma once
#include <filesystem>

#include "cell/detailed.hpp"
#include "stimulus/timed_input.hpp"

namespace nt::dataset {

/// The input of a replay file for this cell, one trial: /input/{exc,inh}/{synapse,time_ms} and, where events
/// have weights of their own, weight. Where the cell's synapses have named groups, /input/GROUP may stand in
/// the place of exc and inh: its synapses count from 0 within the group. Times are any numbers of ms from 0
/// on, in any order; sorted here. An old name of `synapse` is `compartment`. InputError naming file and data
/// set for what is no such input: lists of different lengths, a time that is no number or negative, a synapse
/// that the cell has not, a weight that its synapses cannot have, several trials.
stimulus::TimedInput read_replay_input(const std::filesystem::path& file, const cell::DetailedCell& cell);

/// For so many synapses of each kind, of which nothing is known but their groups; weights are refused.
stimulus::TimedInput read_replay_input(const std::filesystem::path& file, int64_t excitatory_synapses,
                                       int64_t inhibitory_synapses,
                                       const std::vector<cell::SynapseBlock>& groups = {});

}  // namespace nt::dataset
