#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace nt::stimulus {

/// Spikes of units that were recorded or simulated elsewhere.
struct RecordedSpikes {
  std::vector<double> time_ms;  // ascending
  std::vector<int64_t> unit;    // of each spike
};

/// Reads spikes by the file's ending:
///   .csv          columns `unit` (or `synapse`, `node_id`) and `time_ms` (or `time_s`), named in the first
///   line .h5, .hdf5    SONATA, /spikes/POPULATION/{timestamps,node_ids}; or replay input of our own,
///                 /input/POPULATION/{time_ms,synapse}
///   .nwb          Neurodata Without Borders, /units/{spike_times,spike_times_index}, seconds
/// `population`: empty where there is only one. InputError naming file and data set or line for what is no
/// such file: lists of different lengths, times that are no numbers or negative.
RecordedSpikes read_recorded_spikes(const std::filesystem::path& file, const std::string& population);

}  // namespace nt::stimulus
