#pragma once
#include "cell/detailed.hpp"

namespace nt::cell {

/// Reads the description of a cell folder, kind = "segments": segments.h5 says what the neuron is, segment by
/// segment (docs/files.md), and the description what is the same everywhere. InputError where it is wrong, or
/// where NEURON would compute something else than we do.
DetailedCell read_segments_cell(const config::Settings& settings, const std::filesystem::path& folder);

}  // namespace nt::cell
