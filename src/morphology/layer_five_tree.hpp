#pragma once
#include "morphology/morphology.hpp"

namespace nt::morphology {

/// Binary trees that start alike: what the branches of one kind have in common.
struct BranchKind {
  double inner_length_um, inner_diameter_um;    // of the first section, when it does not end
  double ending_length_um, ending_diameter_um;  // of the sections that end
  double thinning, shortening = 1;              // of inner sections from order to order
};

/// A thick-tufted layer-5 pyramidal cell, drawn by rule: soma, basal trees, an apical trunk with obliques,
/// and a tuft. The defaults have the section counts, lengths, diameters, areas and path distances of such
/// cells (rat, 35 days; compare docs/morphology.md).
struct LayerFiveTree {
  double soma_length_um = 23.2, soma_diameter_um = 15.5;
  std::vector<int> basal_endings = {4, 6, 9, 3, 9, 7, 3, 5};  // of each stem
  BranchKind basal{24, 1.35, 93, 0.45, 0.8};
  double trunk_length_um = 627;  // to where the tuft begins
  double trunk_start_diameter_um = 7, trunk_diameter_um = 3.2, trunk_end_diameter_um = 2.45;
  double trunk_taper_um = 30;  // the first diameter becomes the second
  std::vector<double> oblique_um = {45, 105, 140, 170, 200, 250, 295, 320, 370};
  std::vector<int> oblique_endings = {3, 3, 5, 5, 5, 4, 3, 3, 2};
  BranchKind oblique{22, 1.17, 84, 0.6, 0.82};
  std::vector<int> tuft_endings = {9, 13};
  BranchKind tuft{130, 1.65, 54, 0.38, 0.75};
};

Morphology layer_five_tree(const LayerFiveTree& tree = {});

}  // namespace nt::morphology
