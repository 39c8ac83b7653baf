#pragma once
#include <filesystem>
#include <string>

namespace neurontwin {

/// Prints what an experiment, cell, data set or twin file holds.
void inspect(const std::filesystem::path& file);

/// Runs a twin over the trials of a data set shard; writes spike probabilities and voltages as HDF5.
void predict(const std::filesystem::path& twin, const std::filesystem::path& input,
             const std::filesystem::path& out);

/// Writes a twin in another format: "torchscript" or "hdf5".
void export_twin(const std::filesystem::path& twin, const std::string& format,
                 const std::filesystem::path& out);

}  // namespace neurontwin
