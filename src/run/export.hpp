#pragma once
#include <filesystem>
#include <string>

#include "twin/saved_twin.hpp"

namespace nt::run {

/// Writes a twin in another format: "onnx" or "hdf5". InputError where `out` is a file that is no such
/// export.
void export_twin(const twin::Twin& twin, const twin::TwinDescription& description, const std::string& format,
                 const std::filesystem::path& out);

}  // namespace nt::run
