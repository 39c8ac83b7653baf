#include "morphology/axon.hpp"

#include "config/error.hpp"
#include "morphology/compartments.hpp"

namespace nt::morphology {
namespace {

constexpr double kPiece_um = 30;

/// How far the middle of a section is from the soma that bears its tree.
double from_soma_um(const Compartments& geometry, size_t section, FromSoma from) {
  const auto middle = static_cast<size_t>(geometry.at(static_cast<int>(section), 0.5));
  if (from == FromSoma::middle) return geometry.compartments[middle].path_um;
  const auto soma = static_cast<size_t>(soma_of(geometry.sections));
  size_t stem = section;
  while (geometry.sections[stem].parent >= 0 &&
         geometry.sections[geometry.sections[stem].parent].region != Region::soma)
    stem = static_cast<size_t>(geometry.sections[stem].parent);
  const double x = geometry.sections[stem].parent_x, soma_um = length_um(geometry.sections[soma]);
  // Along the tree from the soma's middle; what hangs inside hangs on the middle of its compartment.
  return geometry.compartments[middle].path_um + (x <= 0 ? -0.5 : 0.5) * soma_um;
}

}  // namespace

Morphology with_axon(const Morphology& morphology, const AxonStub& stub) {
  if (morphology.sections.at(0).region == Region::axon)
    fail_input(
        "the tree begins with its axon, which cannot be replaced; expected a tree that begins with the soma");
  Morphology out;
  out.notes = morphology.notes;
  std::vector<int> moved(morphology.sections.size(), -1);
  for (size_t i = 0; i < morphology.sections.size(); ++i) {
    Section s = morphology.sections[i];
    if (s.region == Region::axon || (s.parent >= 0 && moved[s.parent] < 0)) continue;
    if (s.parent >= 0) s.parent = moved[s.parent];
    moved[i] = static_cast<int>(out.sections.size());
    out.sections.push_back(std::move(s));
    if (static_cast<int>(i) != stub.on) continue;
    for (size_t k = 0; k < stub.pieces.size(); ++k) {
      Section piece;
      piece.name = fmt::format("axon[{}]", k);
      piece.region = Region::axon;
      piece.parent = static_cast<int>(out.sections.size()) - 1;
      piece.parent_x = k == 0 ? stub.x : 1;
      piece.length_um = stub.pieces[k].length_um;
      piece.diameter_um = stub.pieces[k].diameter_um;
      out.sections.push_back(std::move(piece));
    }
  }
  return out;
}

AxonStub bluepyopt_stub(const Morphology& morphology, FromSoma from) {
  const auto geometry = cut(
      morphology, [](const Section& s) { return by_spacing(s, 40); }, 100);
  std::vector<size_t> axon;
  for (size_t s = 0; s < geometry.sections.size(); ++s)
    if (geometry.sections[s].region == Region::axon) axon.push_back(s);
  const auto diameter_um = [&](size_t section) {
    return geometry.compartments[geometry.at(static_cast<int>(section), 0.5)].diameter_um;
  };
  const double first_um = axon.empty() ? 1 : diameter_um(axon[0]);
  double second_um = first_um;
  for (const size_t s : axon) {
    if (axon.size() == 1 || !(from_soma_um(geometry, s, from) > 60)) continue;
    second_um = diameter_um(s);
    break;
  }
  return {{{kPiece_um, first_um}, {kPiece_um, second_um}}, soma_of(morphology.sections), 1};
}

AxonStub allen_stub(const Morphology& morphology) {
  return {{{kPiece_um, 1}, {kPiece_um, 1}}, soma_of(morphology.sections), 0.5};
}

}  // namespace nt::morphology
