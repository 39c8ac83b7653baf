#pragma once
#include <filesystem>
#include <span>

#include "run/detail/lines.hpp"

namespace nt::run {

/// Adds what shards of one split hold together: input by tree and kind beside what the stimulus leads to
/// expect, output rates, intervals between output spikes, voltages. InputError if they are not of one split
/// and configuration.
void inspect_shards(Lines& out, std::span<const std::filesystem::path> files);

/// Adds how much of the dendrites' variance the components of a basis take.
void inspect_dendritic_basis(Lines& out, const std::filesystem::path& file);

/// Whether an HDF5 file says that it is a dendritic basis.
bool is_dendritic_basis(const std::filesystem::path& file);

/// Adds how many synapses each cluster has.
void inspect_synapse_clusters(Lines& out, const std::filesystem::path& file);

/// Whether an HDF5 file says that it holds clusters of synapses.
bool is_synapse_clusters(const std::filesystem::path& file);

}  // namespace nt::run
