#pragma once
#include <filesystem>
#include <initializer_list>
#include <string>

#include "twin/saved_twin.hpp"

namespace nt::run {

/// Writes a twin in another format: "onnx" or "hdf5".
void export_twin(const twin::Twin& twin, const twin::TwinDescription& description, const std::string& format,
                 const std::filesystem::path& out);

/// InputError where what is to be written is one of the files that are read, under whatever name.
void require_other_file(const std::filesystem::path& out,
                        std::initializer_list<std::filesystem::path> inputs);

}  // namespace nt::run
