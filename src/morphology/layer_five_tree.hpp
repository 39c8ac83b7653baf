#pragma once
#include "morphology/morphology.hpp"

namespace neurontwin {

/// Binary trees that start alike: what the branches of one kind have in common.
struct BranchKind {
  double inner_length_um, inner_diameter_um;    // of the first section; each next order is thinner by `thinning`
  double ending_length_um, ending_diameter_um;  // of the sections that end
  double thinning;
};

/// A thick-tufted layer-5 pyramidal cell, drawn by rule: soma, basal trees, an apical trunk with obliques, and a tuft. The defaults have the section counts, lengths, diameters,
/// areas and path distances of such cells (rat, 35 days; compare docs/morphology.md).
struct LayerFiveTree {
  double soma_length_um = 23.2, soma_diameter_um = 15.5;
  std::vector<int> basal_endings = {6, 6, 5, 6, 6, 5, 6, 6};  // of each stem
  BranchKind basal{24, 1.35, 92, 0.45, 0.8};
  double trunk_length_um = 627;  // to where the tuft begins
  double trunk_start_diameter_um = 6, trunk_diameter_um = 3.1, trunk_end_diameter_um = 2.6;
  double trunk_taper_um = 80;  // the first diameter becomes the second
  std::vector<double> oblique_um = {45, 90, 130, 165, 200, 245, 290, 340, 390};
  std::vector<int> oblique_endings = {3, 4, 5, 4, 4, 4, 3, 3, 3};
  BranchKind oblique{20, 1.1, 88, 0.6, 0.85};
  std::vector<int> tuft_endings = {9, 13};
  BranchKind tuft{150, 1.75, 75, 0.4, 0.72};
};

Morphology layer_five_tree(const LayerFiveTree& tree = {});

}  // namespace neurontwin
