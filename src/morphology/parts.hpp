#pragma once
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "morphology/morphology.hpp"

namespace nt::morphology {

/// What anatomists call a neuron's pieces.
enum class Part : uint8_t { soma, axon, basal, trunk, oblique, tuft, other };
inline constexpr std::array kParts{Part::soma,    Part::axon, Part::basal, Part::trunk,
                                   Part::oblique, Part::tuft, Part::other};
std::string_view name_of(Part part);

/// The part that each section belongs to. Along an apical dendrite the trunk goes on with the child that
/// bears the most dendrite, and ends where another bears at least a third as much: at the main bifurcation,
/// beyond which all is tuft. What leaves the trunk before is oblique. An apical dendrite without such a place
/// is trunk and obliques.
std::vector<Part> parts_of(std::span<const Section> sections);

}  // namespace nt::morphology
