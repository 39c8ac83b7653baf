#include <fmt/format.h>
#include <gtest/gtest.h>

#include <numbers>

#include "config/error.hpp"
#include "morphology/compartments.hpp"
#include "morphology/detail/soma_contour.hpp"

namespace nt::morphology {
namespace {

std::string refusal(std::string_view text) {
  try {
    read_asc(text, "cell.asc");
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

Compartments compartments(std::string_view text) {
  return cut(
      read_asc(text, "cell.asc"), [](const Section& s) { return by_spacing(s, 40); }, 100);
}

double area_um2(const Compartments& cell, size_t section) {
  double area = 0;
  for (int c = cell.first_compartment[section]; c < cell.first_compartment[section + 1]; ++c)
    area += cell.compartments[c].area_um2;
  return area;
}

struct NeuronsSection {
  std::string name, parent;
  size_t points;
  double length_um, area_um2;
};

/// Numbers of NEURON 8.2.2 for the same file: Import3d_Neurolucida3, Import3d_GUI.instantiate, nine digits.
void expect_sections(std::string_view text, const std::vector<NeuronsSection>& expected) {
  const auto cell = compartments(text);
  ASSERT_EQ(cell.sections.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const auto& s = cell.sections[i];
    EXPECT_EQ(s.name, expected[i].name);
    EXPECT_EQ(s.parent < 0 ? "" : cell.sections[s.parent].name, expected[i].parent);
    EXPECT_EQ(s.points.size(), expected[i].points) << s.name;
    EXPECT_NEAR(length_um(s), expected[i].length_um, 1e-8 * expected[i].length_um) << s.name;
    EXPECT_NEAR(area_um2(cell, i), expected[i].area_um2, 1e-8 * expected[i].area_um2) << s.name;
  }
}

const std::string kSoma =
    "(\"CellBody\" (Color Red) (CellBody)\n"
    " ( 10 0 0 0.3) ( 6 7 0 0.3) ( 0 8 1 0.3) (-7 6 0 0.3) (-9 0 -1 0.3) (-6 -6 0 0.3) (1 -8 0 0.3) (7 -5 0 "
    "0.3) )\n";

TEST(Asc, AContourAndItsTreesAreWhatNeuronMakesOfThem) {
  // dend[1] begins at its parent's end as thick as its own first point. dend[2] repeats that end and gets no
  // point more. The last tree is a single point, and disappears.
  expect_sections("; a contour, four trees, and what lies about\n" + kSoma +
                      "(\"Outline of the slice\" (Contour) ( 100 100 0 1) ( 200 100 0 1) ( 200 200 0 1) )\n"
                      "(Asterisk (Color Blue) (Name \"somewhere\") ( 50 50 0 1) )\n"
                      "( (Color RGB (10, 20, 30)) (Dendrite)\n"
                      " ( 0 8 0 1.2) <( 1 30 0 0.2)> ( 0 30 0 1.0)\n"
                      " (\n"
                      "  ( 3 40 0 0.8) ( 6 90 1 0.6)\n"
                      "  Normal\n"
                      " |\n"
                      "  ( 0 30 0 0.9) ( -6 56 1 0.6)\n"
                      "  (Cross (Color White) (Name \"m\") ( -3 37 0 0.8) )\n"
                      "  ( ( -10 80 0 0.5) Normal | ( -2 80 0 0.4) ( -2 80 0 0.3) Incomplete )\n"
                      " )\n"
                      ")\n"
                      "( (Apical) ( 0 -8 0 2) (0 -60 0 1.5) Normal )\n"
                      "( (Axon) ( 10 0 0 1) (50 0 0 1) High )\n"
                      "( (Dendrite) ( -9 0 0 3) Normal )\n",
                  {{"soma[0]", "", 21, 17.1049119, 838.507021},
                   {"axon[0]", "soma[0]", 2, 40, 125.663706},
                   {"dend[0]", "soma[0]", 2, 22, 76.0273293},
                   {"dend[1]", "dend[0]", 3, 60.5402067, 136.41501},
                   {"dend[2]", "dend[0]", 2, 26.7020598, 62.916239},
                   {"dend[3]", "dend[2]", 2, 24.3515913, 38.2513902},
                   // A step in thickness at the end is a ring of membrane: NEURON counts it.
                   {"dend[4]", "dend[2]", 3, 24.3515913, 30.6560905},
                   {"apic[0]", "soma[0]", 2, 52, 285.888235}});
}

TEST(Asc, BranchesWithoutLengthDisappearAndTheirChildrenMoveUp) {
  expect_sections(
      kSoma +
          "( (Dendrite) ( 0 9 4 1)\n"
          "  ( ( 0 50 4 1) Normal | ( 30 50 4 1) ( 30 50 4 0.8)\n"
          "    ( ( 30 50 4 1) ( ( 60 50 4 1) Normal | ( 30 90 4 1) Normal ) | (30 20 4 1) ) ) )\n",
      {{"soma[0]", "", 21, 17.1049119, 838.507021},
       {"dend[0]", "soma[0]", 2, 41, 128.805299},
       {"dend[1]", "soma[0]", 3, 50.8035432, 159.886781},
       {"dend[2]", "dend[1]", 2, 30, 94.2477796},
       {"dend[3]", "dend[1]", 2, 40, 125.663706},
       {"dend[4]", "dend[1]", 2, 30, 94.2477796}});
}

/// An egg, its thick end `degrees` from the x axis, and `tilt_um` higher where its outline ends than where it
/// begins.
Contour egg(double degrees, double tilt_um) {
  Contour out;
  const double turn = degrees * std::numbers::pi / 180;
  for (int k = 0; k < 24; ++k) {
    const double around = 2 * std::numbers::pi * k / 24, x = 10 * std::cos(around);
    const double y = (4 + 0.15 * x) * std::sin(around);
    out.push_back(
        {x * std::cos(turn) - y * std::sin(turn), x * std::sin(turn) + y * std::cos(turn), tilt_um * k / 24});
  }
  return out;
}

TEST(Asc, AContoursZeroEndIsWhereNeuronHasIt) {
  struct First {
    double degrees, tilt_um, x_um, y_um, diameter_um;  // as NEURON 8.2.2 has the soma's first point
  };
  for (const auto& first : {First{20, 0, -9.263, -3.412, 1.445},
                            {20, 6, -9.239, -3.451, 1.459},
                            {110, 0, 3.412, -9.263, 1.445},
                            {110, 6, -3.513, 9.328, 3.168},
                            {160, 0, -9.323, 3.322, 3.264},
                            {160, 6, -9.404, 3.305, 3.168},
                            {250, 0, -3.322, -9.323, 3.264},
                            {250, 6, -3.305, -9.404, 3.168},
                            {290, 0, 3.448, -9.277, 3.263},
                            {290, 6, -3.451, 9.239, 1.459},
                            {340, 0, -9.288, 3.341, 1.446},
                            {340, 6, -9.295, 3.295, 1.459}}) {
    const auto frusta = soma_frusta({egg(first.degrees, first.tilt_um)});
    const auto where = fmt::format("{} degrees, {} um", first.degrees, first.tilt_um);
    ASSERT_EQ(frusta.size(), 21u) << where;
    EXPECT_NEAR(frusta[0][0], first.x_um, 0.002) << where;  // its file had three digits
    EXPECT_NEAR(frusta[0][1], first.y_um, 0.002) << where;
    EXPECT_NEAR(frusta[0][3], first.diameter_um, 0.002) << where;
  }
}

TEST(Asc, ContoursAboveEachOtherAreOneSoma) {
  expect_sections(
      "(\"CellBody\" (CellBody) ( 8 0 0 1) ( 0 8 0 1) (-8 0 0 1) (0 -8 0 1) )\n"
      "(\"CellBody\" (CellBody) ( 9 0 4 1) ( 0 9 4 1) (-9 0 4 1) (0 -9 4 1) )\n"
      "(\"CellBody\" (CellBody) ( 5 0 8 1) ( 0 5 8 1) (-5 0 8 1) (0 -5 8 1) )\n"
      "( (Dendrite) ( 0 9 4 1) (0 50 4 1) Normal )\n",
      {{"soma[0]", "", 3, 8.10751671, 376.505701}, {"dend[0]", "soma[0]", 2, 41, 128.805299}});
}

TEST(Asc, TheKindOfATreeIsTheLastPropertyBeforeItsPoints) {
  const auto m = read_asc(
      kSoma + "( (Apical) (Axon) (0 9 0 1) (0 50 0 1) )\n( (Color Red) (0 9 0 1) (0 50 0 1) )\n", "cell.asc");
  ASSERT_EQ(m.sections.size(), 3u);
  EXPECT_EQ(m.sections[1].region, Region::axon);
  EXPECT_EQ(m.sections[2].name, "dend_0[0]");
  EXPECT_EQ(m.sections[2].region, Region::other);
}

TEST(Asc, ErrorsNameFileAndLine) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"( (Dendrite)\n (0 9 0 1) (0 50 0 1)\n", "cell.asc:3: a list '(' without its ')'"},
      {"( (Dendrite) (0 9 0 1) (0 50 0 1) )\n)\n", "cell.asc:4: a ')' that closes nothing"},
      {"( (Dendrite)\n (0 9 0 1)\n (0 50) )\n",
       "cell.asc:5: a point of 2 numbers; expected x, y, z and a diameter"},
      {"( (Dendrite)\n (0 9 0 1) (0 50 0 -1) )\n", "cell.asc:4: a diameter of -1 um"},
      {"( (Dendrite) (0 9 0 1)\n (0 1e9 0 1) )\n", "cell.asc:4: a coordinate of 1000000000 um"},
      {"( (Dendrite) (0 9 0 1)\n <(0 50 0 1) )\n", "cell.asc:4: a spine '<' without its '>'"},
      {"( (Dendrite) (Name \"one) (0 9 0 1)\n (0 50 0 1) )\n", "cell.asc:3: text without its closing \""},
      {std::string(2000, '(') + "\n", "cell.asc:3: lists nested more than 1000 deep"},
  };
  for (const auto& [text, message] : wrong) EXPECT_EQ(refusal(kSoma + text), message);
}

TEST(Asc, AFileWithoutASomaIsOneTreeOrRefused) {
  const std::string dendrite = "( (Dendrite) (0 9 0 1) (0 50 0 1) )\n";
  const auto wanted = [](int trees) {
    return fmt::format(
        "cell.asc: has no soma, but {} trees; expected a contour named CellBody, \"Cell Body\" or Soma of "
        "more than two points, or one tree",
        trees);
  };
  EXPECT_EQ(refusal(""), wanted(0));
  EXPECT_EQ(refusal(dendrite + dendrite), wanted(2));
  const auto m = read_asc("(\"CellBody\" (1 0 0 1) (0 1 0 1))\n" + dendrite, "cell.asc");
  ASSERT_EQ(m.sections.size(), 1u);
  EXPECT_EQ(m.sections[0].name, "dend[0]");
  EXPECT_EQ(m.sections[0].parent, -1);
  EXPECT_NE(m.notes.at(0).find("has no soma"), std::string::npos);
  EXPECT_EQ(refusal("(\"CellBody\" (1 0 0 1) (1 0 0 1) (1 0 3 1))\n" + dendrite),
            "cell.asc: all points of the soma's contour are in one place");
}

}  // namespace
}  // namespace nt::morphology
