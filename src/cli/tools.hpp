#pragma once
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace neurontwin {

/// Prints what experiment, cell, morphology, mechanism, data set or twin files hold; the shards of one split
/// together. `profile` and `set` ("key=value") change what experiments and cells say; InputError if there is
/// none.
void inspect(const std::vector<std::filesystem::path>& files, const std::string& profile = "",
             const std::vector<std::string>& set = {});

/// Runs a twin over the trials of a data set shard, or over a replay file's input; writes what it says as
/// HDF5 (see predict_file()).
void predict(const std::filesystem::path& twin, const std::filesystem::path& input,
             const std::filesystem::path& out, int threads, const std::stop_token& stop);

/// Writes a twin in another format: "onnx" or "hdf5".
void export_twin(const std::filesystem::path& twin, const std::string& format,
                 const std::filesystem::path& out);

}  // namespace neurontwin
