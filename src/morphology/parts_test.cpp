#include "morphology/parts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "morphology/compartments.hpp"
#include "morphology/layer_five_tree.hpp"

namespace nt::morphology {
namespace {

Section piece(Region region, int parent, double length_um) {
  Section s;
  s.region = region;
  s.parent = parent;
  s.length_um = length_um;
  s.diameter_um = 1;
  return s;
}

TEST(Parts, TheTrunkEndsWhereTwoEqualsLeaveIt) {
  constexpr auto apical = Region::apical;
  const std::vector<Section> sections{
      piece(Region::soma, -1, 20), piece(Region::basal, 0, 100),
      piece(Region::axon, 0, 60),  piece(apical, 0, 100),  // 3: the trunk begins
      piece(apical, 3, 80),                                // 4: an oblique,
      piece(apical, 4, 50),                                // 5: and what it bears
      piece(apical, 3, 300),                               // 6: the trunk goes on
      piece(apical, 6, 200),                               // 7, 8: the tuft
      piece(apical, 6, 250),       piece(apical, 8, 40)};  // 9
  const std::vector<Part> expected{Part::soma,    Part::basal, Part::axon, Part::trunk, Part::oblique,
                                   Part::oblique, Part::trunk, Part::tuft, Part::tuft,  Part::tuft};
  EXPECT_EQ(parts_of(sections), expected);
}

TEST(Parts, AnApicalDendriteThatNeverSplitsIsTrunk) {
  const std::vector<Section> sections{piece(Region::soma, -1, 20), piece(Region::apical, 0, 100),
                                      piece(Region::apical, 1, 100)};
  EXPECT_EQ(parts_of(sections), (std::vector<Part>{Part::soma, Part::trunk, Part::trunk}));
}

double length_of(const std::vector<Section>& sections, Part part) {
  const auto parts = parts_of(sections);
  double length = 0;
  for (size_t i = 0; i < sections.size(); ++i)
    if (parts[i] == part) length += length_um(sections[i]);
  return length;
}

TEST(Parts, OfTheBuiltInTreeAreThoseItWasDrawnWith) {
  const LayerFiveTree tree;
  const auto sections = layer_five_tree(tree).sections;
  EXPECT_NEAR(length_of(sections, Part::trunk), tree.trunk_length_um, 0.1);
  EXPECT_GT(length_of(sections, Part::oblique), 1000);
  EXPECT_GT(length_of(sections, Part::tuft), 1500);
}

/// Empty where it is not at hand.
std::filesystem::path published_cell() {
  namespace fs = std::filesystem;
  for (auto folder = fs::weakly_canonical(fs::absolute(__FILE__)).parent_path(); folder != folder.root_path();
       folder = folder.parent_path()) {
    const auto file = folder / "../shared/morphologies/cell1.asc";
    if (fs::exists(file)) return file;
  }
  return {};
}

TEST(Parts, OfThePublishedCellEndTheTrunkAtItsMainBifurcation) {
  const auto file = published_cell();
  if (file.empty()) GTEST_SKIP() << "the reconstruction is not at hand";
  const auto cell = cut(
      read_morphology(file), [](const Section& s) { return by_spacing(s, 40); }, 100);
  const auto parts = parts_of(cell.sections);
  double trunk_end_um = 0, tuft_begin_um = 1e9;
  for (const auto& c : cell.compartments) {
    const auto part = parts[c.section];
    if (part == Part::trunk) trunk_end_um = std::max(trunk_end_um, c.path_um + c.length_um / 2);
    if (part == Part::tuft) tuft_begin_um = std::min(tuft_begin_um, c.path_um - c.length_um / 2);
  }
  EXPECT_NEAR(trunk_end_um, tuft_begin_um, 1);
  EXPECT_NEAR(trunk_end_um, 627, 1);  // where apic[36] ends, counted by hand
  EXPECT_GT(length_of(cell.sections, Part::oblique), 500);
  EXPECT_GT(length_of(cell.sections, Part::tuft), 1500);
}

}  // namespace
}  // namespace nt::morphology
