#include "morphology/layer_five_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "morphology/compartments.hpp"

namespace nt::morphology {
namespace {

TEST(LayerFiveTree, IsTheSameEveryTime) {
  const auto a = layer_five_tree(), b = layer_five_tree();
  ASSERT_EQ(a.sections.size(), b.sections.size());
  for (size_t i = 0; i < a.sections.size(); ++i) {
    const auto &p = a.sections[i].points, &q = b.sections[i].points;
    EXPECT_TRUE(std::equal(p.begin(), p.end(), q.begin(), q.end(), [](const Point& x, const Point& y) {
      return x.x_um == y.x_um && x.y_um == y.y_um && x.z_um == y.z_um && x.diameter_um == y.diameter_um;
    }));
  }
}

TEST(LayerFiveTree, HasTheSectionsAndCompartmentsOfSuchCells) {
  // The published reconstruction (Hay et al. 2011) has 84 basal sections, 109 apical ones, and 262 and 377
  // compartments of about 40 um on them: as many synapses of each kind.
  const auto cell = cut(
      layer_five_tree(), [](const Section& s) { return by_spacing(s, 40); }, 100);
  int sections[5] = {}, compartments[5] = {};
  double length[5] = {}, area[5] = {};
  for (size_t i = 0; i < cell.sections.size(); ++i) {
    const auto region = static_cast<size_t>(cell.sections[i].region);
    ++sections[region];
    length[region] += length_um(cell.sections[i]);
    compartments[region] += cell.count(static_cast<int>(i));
  }
  for (const auto& c : cell.compartments)
    area[static_cast<size_t>(cell.sections[c.section].region)] += c.area_um2;
  EXPECT_EQ(sections[0], 1);
  EXPECT_EQ(sections[1], 0);
  EXPECT_NEAR(sections[2], 84, 4);
  EXPECT_NEAR(sections[3], 109, 5);
  EXPECT_NEAR(compartments[2], 262, 40);  // cells of this kind differ by more than a sixth
  EXPECT_NEAR(compartments[3], 377, 60);
  EXPECT_NEAR(area[0], 1131, 15);                       // of the reconstruction's soma
  EXPECT_NEAR(area[2] + area[3], 29872, 0.15 * 29872);  // of its dendrites
  EXPECT_GT(length[3], length[2]);
}

TEST(LayerFiveTree, ReachesAsFarAsSuchCellsDo) {
  const LayerFiveTree shape;
  const auto cell = cut(
      layer_five_tree(shape), [](const Section& s) { return by_spacing(s, 40); }, 100);
  double farthest_basal = 0, farthest_apical = 0;
  for (const auto& c : cell.compartments) {
    auto& farthest = cell.sections[c.section].region == Region::basal ? farthest_basal : farthest_apical;
    farthest = std::max(farthest, c.path_um + c.length_um / 2);
  }
  EXPECT_GT(farthest_basal, 150);
  EXPECT_LT(farthest_basal, 350);
  EXPECT_NEAR(farthest_apical, 1300, 60);  // 1300.5 um in the reconstruction
  // The trunk: its sections in a row end where obliques leave it, the last where the tuft begins.
  std::vector<double> ends;
  double end = 0;
  for (const auto& s : cell.sections) {
    if (s.region != Region::apical || s.points.back().x_um != 0 || s.points.back().z_um != 0) continue;
    end += length_um(s);
    ends.push_back(end);
  }
  auto expected = shape.oblique_um;
  expected.push_back(shape.trunk_length_um);
  ASSERT_EQ(ends.size(), expected.size());
  // Points are single precision: 1e-4 um at 600 um.
  for (size_t i = 0; i < ends.size(); ++i) EXPECT_NEAR(ends[i], expected[i], 1e-3);
}

TEST(LayerFiveTree, SectionsHaveASizeAndBeginWhereTheirParentsEnd) {
  const auto m = layer_five_tree();
  for (size_t i = 1; i < m.sections.size(); ++i) {
    const auto& s = m.sections[i];
    EXPECT_GT(length_um(s), 0) << s.name;
    for (const auto& p : s.points) EXPECT_GT(p.diameter_um, 0) << s.name;
    ASSERT_GE(s.parent, 0);
    ASSERT_LT(s.parent, static_cast<int>(i));
    if (s.parent == 0) continue;  // dendrites begin at the soma's surface
    const auto &begin = s.points.front(), &end = m.sections[s.parent].points.back();
    EXPECT_EQ(s.parent_x, 1);
    EXPECT_NEAR(std::hypot(begin.x_um - end.x_um, begin.y_um - end.y_um, begin.z_um - end.z_um), 0, 1e-3)
        << s.name;
  }
}

TEST(LayerFiveTree, OtherShapesMayBeAskedFor) {
  LayerFiveTree shape;
  shape.basal_endings = {1, 2};
  shape.oblique_um = {100};
  shape.oblique_endings = {1};
  shape.tuft_endings = {};
  // 1 + 3 basal sections, two of the trunk, one oblique, the soma.
  EXPECT_EQ(layer_five_tree(shape).sections.size(), 8u);
}

}  // namespace
}  // namespace nt::morphology
