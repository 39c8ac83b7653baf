#include "morphology/lines.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "morphology/layer_five_tree.hpp"

namespace nt::morphology {
namespace {

double length_of(const std::vector<Point>& line) {
  double sum = 0;
  for (size_t i = 1; i < line.size(); ++i)
    sum += std::hypot(line[i].x_um - line[i - 1].x_um, line[i].y_um - line[i - 1].y_um,
                      line[i].z_um - line[i - 1].z_um);
  return sum;
}

TEST(Lines, OfACompartmentAreAsLongAsItAndMeetTheNext) {
  const auto cell = cut(
      with_axon_stub(layer_five_tree(), 2, 30, 1), [](const Section& s) { return by_spacing(s, 40); }, 100);
  const auto lines = lines_of(cell);
  ASSERT_EQ(lines.size(), cell.compartments.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    // Points are in single precision: steps of 6e-5 um at 1000 um from the origin, some points a compartment.
    EXPECT_NEAR(length_of(lines[i]), cell.compartments[i].length_um, 1e-3) << i;
    if (i == 0 || cell.compartments[i].section != cell.compartments[i - 1].section) continue;
    const auto &end = lines[i - 1].back(), &start = lines[i].front();
    EXPECT_EQ(end.x_um, start.x_um);
    EXPECT_EQ(end.y_um, start.y_um);
    EXPECT_EQ(end.z_um, start.z_um);
    EXPECT_EQ(end.diameter_um, start.diameter_um);
  }
}

TEST(Lines, KeepTheTracedPointsBetweenTheirEnds) {
  Morphology bent;
  bent.sections.push_back(
      {"soma[0]", Region::soma, -1, 0, {{0, 0, 0, 4}, {10, 0, 0, 2}, {10, 30, 0, 2}}, 0, 0});
  const auto lines = lines_of(cut(
      bent, [](const Section&) { return 2; }, 100));
  ASSERT_EQ(lines.size(), 2u);
  ASSERT_EQ(lines[0].size(), 3u);
  EXPECT_EQ(lines[0][1].x_um, 10);
  EXPECT_EQ(lines[0][1].y_um, 0);
  EXPECT_FLOAT_EQ(lines[0].back().y_um, 10);  // half of 40 um of arc
  EXPECT_EQ(lines[1].size(), 2u);
}

TEST(Lines, ACylinderLiesAwayFromTheTreeAndItsChildGoesOn) {
  Morphology cell;
  cell.sections.push_back({"soma[0]", Region::soma, -1, 0, {{0, -5, 0, 10}, {0, 5, 0, 10}}, 0, 0});
  cell.sections.push_back({"apic[0]", Region::apical, 0, 1, {{0, 5, 0, 2}, {0, 305, 0, 2}}, 0, 0});
  cell.sections.push_back({"axon[0]", Region::axon, 0, 0.5, {}, 30, 1});
  cell.sections.push_back({"axon[1]", Region::axon, 2, 1, {}, 30, 1});
  const auto lines = lines_of(cut(
      cell, [](const Section&) { return 1; }, 100));
  EXPECT_FLOAT_EQ(lines[2].front().y_um, 0);
  EXPECT_FLOAT_EQ(lines[2].back().y_um, -30);
  EXPECT_FLOAT_EQ(lines[3].back().y_um, -60);
  EXPECT_FLOAT_EQ(lines[3].back().x_um, 0);
}

}  // namespace
}  // namespace nt::morphology
