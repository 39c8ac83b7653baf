#pragma once
#include <filesystem>

#include "config/settings.hpp"
#include "run/detail/lines.hpp"

namespace nt::run {

/// Whether an HDF5 file is a result that no data set is: a prediction, a replayed trial, exported weights, or
/// replay input, a network's spikes, voltages or checkpoint.
bool is_hdf5_result(const std::filesystem::path& file);
/// Adds what it is, its arrays, and the attributes that say from what it was made.
void inspect_hdf5_result(Lines& out, const std::filesystem::path& file);

/// Whether it is the folder of a run.
bool is_run_folder(const std::filesystem::path& path);
/// Adds how far a run is, its main scores, and its files.
void inspect_run(Lines& out, const std::filesystem::path& folder);

/// Whether it is the folder of a network's results.
bool is_network_folder(const std::filesystem::path& path);
/// Adds how its populations fired, of each course of a comparison, and its files.
void inspect_network_folder(Lines& out, const std::filesystem::path& folder);
/// Adds a network's file with every default. InputError where it is wrong.
void inspect_network(Lines& out, const config::Settings& settings);

/// Adds the files of a folder and their sizes.
void print_files(Lines& out, const std::filesystem::path& folder);

/// Adds the numbers of a JSON file of a run, those of nested tables by name; of long lists, their length.
void inspect_json(Lines& out, const std::filesystem::path& file);

/// Adds what a report says of its run, and its numbers. InputError where the page is none of ours.
void inspect_report(Lines& out, const std::filesystem::path& file);

}  // namespace nt::run
