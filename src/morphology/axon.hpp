#pragma once
#include <cstdint>
#include <vector>

#include "morphology/morphology.hpp"

namespace nt::morphology {

/// Cylinders in a row that stand for an axon.
struct AxonStub {
  struct Piece {
    double length_um, diameter_um;
  };
  std::vector<Piece> pieces;  // from the cell outwards
  int on = 0;                 // the section that bears the first, no axon itself
  double x = 0.5;             // where on it
};

/// Takes the axon away, and what grows on it, and puts the stub in its place. InputError if the tree begins
/// with an axon.
Morphology with_axon(const Morphology& morphology, const AxonStub& stub);

/// Where on the soma the distance of an axon's section is measured from.
enum class FromSoma : uint8_t { middle, start };

/// The stub that BluePyOpt's replace_axon makes (Van Geit et al. 2016, Front Neuroinform 10:17): two
/// cylinders of 30 um at the soma's end, the first as thick as the axon's first section in its middle, the
/// second as the first of its sections whose middle is more than 60 um from the soma, else as the first; 1 um
/// where there is no axon. BluePyOpt's Python code measures from the soma's middle, the hoc files it writes
/// from the soma's start.
AxonStub bluepyopt_stub(const Morphology& morphology, FromSoma from);

/// The stub of the Allen Institute's perisomatic models (Gouwens et al. 2018, Nat Commun 9:710): two
/// cylinders of 30 by 1 um at the soma's middle.
AxonStub allen_stub(const Morphology& morphology);

}  // namespace nt::morphology
