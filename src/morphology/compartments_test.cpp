#include "morphology/compartments.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "config/error.hpp"

namespace nt::morphology {
namespace {

using std::numbers::pi;

Section traced(std::vector<Point> points, int parent = -1, double parent_x = 1) {
  Section s;
  s.name = "section";
  if (parent < 0) s.region = Region::soma;
  s.parent = parent;
  s.parent_x = parent_x;
  s.points = std::move(points);
  return s;
}

Section cylinder(double length_um, double diameter_um, int parent = -1, double parent_x = 1) {
  Section s = traced({}, parent, parent_x);
  s.length_um = length_um;
  s.diameter_um = diameter_um;
  return s;
}

Compartments cut_in(int number, std::vector<Section> sections) {
  return cut(
      Morphology{std::move(sections)}, [=](const Section&) { return number; }, 100);
}

TEST(Compartments, FortyMicrometresEachAndAnOddNumber) {
  const auto count = [](double length) { return by_spacing(cylinder(length, 1), 40); };
  EXPECT_EQ(count(39.9), 1);
  EXPECT_EQ(count(40), 3);
  EXPECT_EQ(count(79.9), 3);
  EXPECT_EQ(count(80), 5);
}

TEST(Compartments, TheLambdaRuleCountsTenthsOfTheLengthConstantAtAFrequency) {
  // lambda_f = 1e5 sqrt(d / (4 pi f Ra cm)) um: 4 um thick, 100 Hz, 100 ohm cm, 1 uF/cm2: 564.2 um.
  const double lambda = 1e5 * std::sqrt(4 / (4 * pi * 100 * 100 * 1));
  EXPECT_NEAR(lambda, 564.19, 0.01);
  const auto count = [](const Section& s) { return by_d_lambda(s, 0.1, 100, 100, 1); };
  // (1.8 + 0.999)/2 is below 1.5 and above 1: one pair and one more.
  EXPECT_EQ(count(cylinder(0.10 * lambda, 4)), 1);
  EXPECT_EQ(count(cylinder(0.18 * lambda, 4)), 3);
  EXPECT_EQ(count(cylinder(0.35 * lambda, 4)), 5);
  // A traced section adds up its pieces, each with the mean of its two diameters: 2.9 + 2.9 sqrt(4) tenths.
  const auto x = [&](double lambdas) { return static_cast<float>(lambdas * lambda); };
  EXPECT_EQ(count(traced({{0, 0, 0, 4}, {x(0.29), 0, 0, 4}, {x(0.29), 0, 0, 1}, {x(0.58), 0, 0, 1}})), 9);
}

TEST(Compartments, ACylinderHasTheAreaAndResistanceOfACylinder) {
  for (const auto& section : {cylinder(90, 2), traced({{0, 0, 0, 2}, {20, 0, 0, 2}, {90, 0, 0, 2}})}) {
    const auto cell = cut_in(3, {section});
    ASSERT_EQ(cell.compartments.size(), 3u);
    for (const auto& c : cell.compartments) {
      EXPECT_NEAR(c.length_um, 30, 1e-12);
      EXPECT_NEAR(c.diameter_um, 2, 1e-12);
      EXPECT_NEAR(c.area_um2, pi * 2 * 30, 1e-10);
      // Half of 30 um: 1 ohm cm * 15e-4 cm / (pi 1e-8 cm2) = 47746 ohm
      EXPECT_NEAR(c.resistance_before, 0.15 / pi, 1e-12);
      EXPECT_NEAR(c.resistance_after, 0.15 / pi, 1e-12);
    }
    // Between neighbours: two halves at 100 ohm cm, in series.
    EXPECT_NEAR(cell.nodes[1].axial_conductance_uS, pi / 30, 1e-12);
  }
}

TEST(Compartments, AConeHasTheMantleOfItsFrustaAndTheResistanceOfATaper) {
  // From 4 um to 2 um over 30 um, cut in 3: resistance of a piece 4 l / (pi d1 d2), exact for a taper.
  const auto cell = cut_in(3, {traced({{0, 0, 0, 4}, {0, 0, 30, 2}})});
  double area = 0, before = 4;
  for (const auto& c : cell.compartments) {
    const double middle = before - 1.0 / 3, after = before - 2.0 / 3;
    EXPECT_NEAR(c.diameter_um, (before + after) / 2,
                1e-6);  // 1e-6: the arc is summed, diameters interpolated
    EXPECT_NEAR(c.resistance_before, 0.04 / pi * 5 / (before * middle), 1e-9);
    EXPECT_NEAR(c.resistance_after, 0.04 / pi * 5 / (middle * after), 1e-9);
    area += c.area_um2;
    before = after;
  }
  // pi (r1 + r2) sqrt(l^2 + (r1 - r2)^2)
  EXPECT_NEAR(area, pi * 3 * std::sqrt(30 * 30 + 1), 1e-9);
}

TEST(Compartments, AStepInThicknessIsARingOfMembrane) {
  for (const auto& points : {std::vector<Point>{{0, 0, 0, 4}, {20, 0, 0, 4}, {20, 0, 0, 2}, {40, 0, 0, 2}},
                             {{0, 0, 0, 2}, {40, 0, 0, 2}, {40, 0, 0, 4}}}) {
    const double ring = pi * (2 * 2 - 1 * 1),
                 mantle = points.size() == 4 ? pi * (4 * 20 + 2 * 20) : pi * 2 * 40;
    const auto cell = cut_in(3, {traced(points)});
    double area = 0;
    for (const auto& c : cell.compartments) area += c.area_um2;
    EXPECT_NEAR(area, mantle + ring, 1e-9);
  }
}

TEST(Compartments, DistancesRunAlongTheTreeFromTheMiddleOfTheRoot) {
  // Root of 20 um; a section of 90 um at its middle; two of 30 um at the end of that; one at the root's
  // beginning.
  const auto cell = cut_in(3, {cylinder(20, 10), cylinder(90, 1, 0, 0.5), cylinder(30, 1, 1),
                               cylinder(30, 1, 1), cylinder(30, 1, 0, 0)});
  const std::vector<double> expected{20.0 / 3, 0,  20.0 / 3, 15,  45, 75, 95, 105,
                                     115,      95, 105,      115, 15, 25, 35};
  ASSERT_EQ(cell.compartments.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(cell.compartments[i].path_um, expected[i], 1e-9) << i;
}

TEST(Compartments, WithoutASomaDistancesRunFromTheStartOfTheRoot) {
  auto root = cylinder(30, 1);
  root.region = Region::basal;
  const auto cell = cut_in(3, {root, cylinder(60, 1, 0), cylinder(60, 1, 0, 0)});
  const std::vector<double> expected{5, 15, 25, 40, 60, 80, 10, 30, 50};
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(cell.compartments[i].path_um, expected[i], 1e-9) << i;
}

TEST(Compartments, ASomaInsideTheTreeHasDistancesBothWays) {
  // An axon of 30 um that bears a branch at its start and one at 0.5; a soma of 20 um at its end, which bears
  // a dendrite at its own end.
  auto axon = cylinder(30, 1);
  axon.region = Region::axon;
  auto soma = cylinder(20, 10, 0);
  soma.region = Region::soma;
  const auto cell =
      cut_in(1, {axon, soma, cylinder(40, 1, 1), cylinder(60, 1, 0, 0), cylinder(60, 1, 0, 0.5)});
  const std::vector<double> expected{25, 0, 30, 70, 55};
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(cell.compartments[i].path_um, expected[i], 1e-9) << i;
}

TEST(Compartments, AConeThatEndsInAPointHasItsMantleAndIsClosedThere) {
  const auto cell = cut_in(1, {traced({{0, 0, 0, 2}, {30, 0, 0, 0}})});
  EXPECT_NEAR(cell.compartments[0].area_um2, pi * std::hypot(30, 1), 1e-9);
  EXPECT_GT(cell.compartments[0].resistance_after, 1e12);
  // The half before: 0.01 times the integral of dx/(pi r^2) from 0 to 15, with r = 1 - x/30.
  EXPECT_NEAR(cell.compartments[0].resistance_before, 0.01 * 30 / pi, 1e-12);
}

TEST(Compartments, EveryNodeComesAfterItsParentAndTheRootHasNone) {
  const auto cell = cut_in(3, {cylinder(20, 10), cylinder(90, 1, 0, 0.5), cylinder(30, 1, 1),
                               cylinder(30, 1, 1), cylinder(30, 1, 0, 0), cylinder(30, 1, 0, 0)});
  EXPECT_EQ(cell.nodes.size(),
            cell.compartments.size() + 2);  // where two meet at an end, and at the beginning
  EXPECT_EQ(cell.nodes[0].parent, -1);
  for (size_t i = 1; i < cell.nodes.size(); ++i) {
    EXPECT_GE(cell.nodes[i].parent, 0);
    EXPECT_LT(cell.nodes[i].parent, static_cast<int>(i));
    EXPECT_GT(cell.nodes[i].axial_conductance_uS, 0);
  }
}

TEST(Compartments, ALoneChildInSeriesIsNeuronsPointWithoutMembrane) {
  // NEURON puts a node between a section and its child; eliminated, its two conductances are in series.
  const auto with_one = cut_in(1, {cylinder(20, 2), cylinder(50, 1, 0)});
  const auto with_two = cut_in(1, {cylinder(20, 2), cylinder(50, 1, 0), cylinder(50, 1, 0)});
  ASSERT_EQ(with_one.nodes.size(), 2u);
  ASSERT_EQ(with_two.nodes.size(), 4u);
  const double to_end = with_two.nodes[1].axial_conductance_uS,
               from_end = with_two.nodes[2].axial_conductance_uS;
  EXPECT_EQ(with_two.nodes[1].compartment, -1);
  EXPECT_EQ(with_two.nodes[2].parent, 1);
  EXPECT_NEAR(with_one.nodes[1].axial_conductance_uS, to_end * from_end / (to_end + from_end), 1e-15);
}

TEST(Compartments, WhatBeginsWhereItsParentBeginsHangsWhereTheParentDoes) {
  const auto cell =
      cut_in(1, {cylinder(20, 10), cylinder(50, 1, 0, 0.5), cylinder(30, 1, 1, 0), cylinder(30, 1, 2, 0)});
  for (const size_t i : {1u, 2u, 3u}) EXPECT_EQ(cell.nodes[i].parent, 0);
  EXPECT_NEAR(cell.compartments[3].path_um, 15, 1e-12);
}

TEST(Compartments, APlaceOnASectionIsTheCompartmentAroundIt) {
  const auto cell = cut_in(3, {cylinder(20, 10), cylinder(90, 1, 0, 0.5)});
  EXPECT_EQ(cell.at(1, 0), 3);
  EXPECT_EQ(cell.at(1, 0.34), 4);
  EXPECT_EQ(cell.at(1, 1), 5);
}

TEST(Compartments, WhatHasNoSizeOrTooMuchIsRefused) {
  EXPECT_THROW(cut_in(1, {cylinder(0, 1)}), InputError);
  EXPECT_THROW(cut_in(1, {cylinder(10, 0)}), InputError);
  EXPECT_THROW(cut_in(1, {traced({{0, 0, 0, 1}, {0, 0, 0, 1}})}), InputError);
  EXPECT_THROW(cut_in(1, {cylinder(10, 1), cylinder(10, 1)}), InputError);  // connected to nothing
  const auto spacing = [](double um) { return [=](const Section& s) { return by_spacing(s, um); }; };
  EXPECT_THROW(cut({{cylinder(1e6, 1)}}, spacing(1e-3), 100), InputError);
  EXPECT_THROW(cut({{cylinder(1e6, 1)}}, spacing(1e-300), 100), InputError);
}

TEST(AxonStub, TakesTheAxonAndWhatGrowsOnItAway) {
  Morphology m{{cylinder(20, 10), cylinder(90, 1, 0, 0.5), cylinder(30, 1, 1), cylinder(30, 2, 0, 0.5),
                cylinder(40, 2, 3)}};
  for (const size_t i : {1u, 2u}) m.sections[i].region = Region::axon;
  m.sections[2].region = Region::basal;  // on the axon
  m.sections[3].region = m.sections[4].region = Region::basal;
  const auto with = with_axon_stub(m, 2, 30, 1);
  ASSERT_EQ(with.sections.size(), 5u);
  EXPECT_EQ(with.sections[1].name, "axon[0]");
  EXPECT_EQ(with.sections[1].parent, 0);
  EXPECT_EQ(with.sections[1].parent_x, 0.5);
  EXPECT_EQ(with.sections[2].name, "axon[1]");
  EXPECT_EQ(with.sections[2].parent, 1);
  EXPECT_EQ(with.sections[2].parent_x, 1);
  EXPECT_EQ(with.sections[2].length_um, 30);
  EXPECT_EQ(with.sections[3].length_um, 30);
  EXPECT_EQ(with.sections[4].parent, 3);
  EXPECT_EQ(with_axon_stub(m, 0, 30, 1).sections.size(), 3u);
}

}  // namespace
}  // namespace nt::morphology
