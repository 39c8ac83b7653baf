#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace nt::mechanism::nmodl {

/// A physical unit: its size in base units (metre, kilogram, second, coulomb, kelvin) and their powers. The
/// mole is a number here, as it is in NEURON: 6.02e23.
struct Unit {
  double size = 1;
  std::array<int, 5> powers{};
};

/// The units that a file defines by itself: (mM) = (millimolar), by name.
using UnitDefinitions = std::map<std::string, std::string>;

/// Reads a unit in NEURON's notation: "10000 coulomb", "mV-coulomb/degC", "k-mole", "1-4 m2/sec". A number
/// may lead, with an exponent behind + or -; `-` or a space multiplies; what follows `/` divides; a last
/// digit is a power; prefixes are spelled out, except in short names such as mV; a plural s is dropped.
/// InputError with the word that is no unit, without a place.
Unit read_unit(const std::string& text, const UnitDefinitions& defined = {});

}  // namespace nt::mechanism::nmodl
