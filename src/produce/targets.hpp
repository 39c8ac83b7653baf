#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace nt::produce {

/// A target as data sets and twins have it: (value - mean)/sd.
struct Target {
  std::string name, unit;  // "tuft.v", "mV"
  double mean = 0, sd = 1;
};

/// Where the targets' scales lie.
std::filesystem::path targets_path(const std::filesystem::path& folder);

/// As an HDF5 file: /name, /unit, /mean, /sd, with what made them as attributes.
std::string targets_bytes(const std::vector<Target>& targets, const std::string& configuration,
                          int64_t fit_trials);
/// InputError if the file is damaged, or was made by another configuration.
std::vector<Target> read_targets(const std::filesystem::path& file, const std::string& configuration);

}  // namespace nt::produce
