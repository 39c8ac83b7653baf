#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace nt::run {

/// The figures that a run can be shown in.
std::vector<std::string> figures();

/// Writes a figure of an evaluated run as SVG. InputError where there is no such figure, or the run has not
/// got what it shows.
void plot(const std::filesystem::path& folder, const std::string& figure, const std::filesystem::path& svg);

}  // namespace nt::run
