#pragma once
#include <filesystem>
#include <span>
#include <string>

namespace nt::report {

/// Part of what a result is known by. Raise it when the same results come to another page.
inline constexpr int kReportVersion = 4;

/// The report of a run directory as one HTML page that needs nothing else: no network, no other file. Reads
/// run.json, metrics.json and experiment.toml, and curves.json, learning.json, interpretation.json,
/// search.json and neuron.json where they are; the page leaves out what is not there. Without `with_search`
/// it leaves out search.json, too. InputError names a file that is missing or damaged.
std::string make_report(const std::filesystem::path& run_directory, bool with_search = true);

/// A page of a training that goes on (learning.json as JSON text, how many epochs it is to have), which
/// reloads itself until it is finished.
std::string make_watch_page(const std::string& title, const std::string& learning, int64_t epochs,
                            bool finished);

/// A page of runs beside each other: `comparison` as JSON text (front_door, json_of), and the curves and
/// epochs that lie in their folders.
std::string make_compare_page(const std::string& comparison, std::span<const std::filesystem::path> folders);

/// The same of a network's folder: of metrics.json and spikes.h5, or of compare.json and the spikes of each
/// course where that is there; and network.toml.
std::string make_network_report(const std::filesystem::path& folder);

}  // namespace nt::report
