#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "files/hdf5.hpp"

namespace nt::produce {

/// The attributes that begin each file of something that was fitted to the first `fit_trials` training trials
/// of a data set; sealed, with room for a digest.
void begin_fitted_file(files::Hdf5Image& image, std::string_view format, const std::string& configuration,
                       int64_t fit_trials);

/// InputError where the file is of another format or data set, or was changed. `remedy`: what to remove then.
void require_fitted_file(const files::Hdf5File& stored, const std::filesystem::path& file,
                         std::string_view format, const std::string& configuration,
                         const std::string& remedy = "it");

}  // namespace nt::produce
