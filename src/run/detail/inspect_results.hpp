#pragma once
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "config/settings.hpp"
#include "run/detail/lines.hpp"

namespace nt::run {

/// HDF5 files that are no data set.
enum class Hdf5Result : uint8_t {
  none,
  trial,
  predictions,
  weights,
  replay_input,
  network_spikes,
  network_soma,
  network_checkpoint
};

/// What a file is of these. InputError where it is not HDF5.
Hdf5Result hdf5_result(const std::filesystem::path& file);
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

/// What a page of ours shows, as JSON. InputError where it is none.
nlohmann::ordered_json data_of_page(const std::filesystem::path& file);
/// Adds what a report says of its run, and its numbers. InputError where the page is none of ours.
void inspect_report(Lines& out, const std::filesystem::path& file);

}  // namespace nt::run
