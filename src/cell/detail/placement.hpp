#pragma once
#include <string>
#include <vector>

#include "cell/detail/assemble.hpp"

namespace nt::cell {

/// The key `mechanism`: a name of the catalogue, or a .mod file.
std::string read_mechanism_name(const config::Settings& settings, const std::filesystem::path& folder);

/// The mechanism that a table names, with an instance in each of these compartments. Parameters are numbers
/// or formulas. InputError where a value makes no physical sense.
Placement read_placement(const config::Settings& settings, const morphology::Compartments& geometry,
                         const Files& files, std::vector<int> compartments);

}  // namespace nt::cell
