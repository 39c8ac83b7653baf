#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <numbers>

#include "config/error.hpp"
#include "morphology/compartments.hpp"
#include "morphology/parts.hpp"

namespace nt::morphology {
namespace {

Morphology swc(std::string_view text) {
  return read_swc(text, "cell.swc");
}

std::string refusal(std::string_view text) {
  try {
    swc(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

struct NeuronsSection {
  std::string name, parent;
  double parent_x;
  size_t points;
  int compartments;
  double length_um, area_um2;
};

/// Compares with what NEURON 8.2.2 makes of the same file: Import3d_SWC_read, Import3d_GUI.instantiate, then
/// nseg = 1 + 2 int(L/40). Its numbers below are printed with nine digits.
void expect_sections(std::string_view text, const std::vector<NeuronsSection>& expected) {
  const auto cell = cut(
      swc(text), [](const Section& s) { return by_spacing(s, 40); }, 100);
  ASSERT_EQ(cell.sections.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const auto& s = cell.sections[i];
    const auto& wanted = expected[i];
    EXPECT_EQ(s.name, wanted.name);
    EXPECT_EQ(s.parent < 0 ? "" : cell.sections[s.parent].name, wanted.parent) << s.name;
    EXPECT_EQ(s.parent < 0 ? 0 : s.parent_x, wanted.parent_x) << s.name;
    EXPECT_EQ(s.points.size(), wanted.points) << s.name;
    EXPECT_EQ(cell.count(static_cast<int>(i)), wanted.compartments) << s.name;
    double area = 0;
    for (int c = cell.first_compartment[i]; c < cell.first_compartment[i + 1]; ++c)
      area += cell.compartments[c].area_um2;
    EXPECT_NEAR(length_um(s), wanted.length_um, 1e-8 * wanted.length_um) << s.name;
    EXPECT_NEAR(area, wanted.area_um2, 1e-8 * wanted.area_um2) << s.name;
  }
}

/// Input resistance at the middle of a section in Mohm, with a leak of 1e-4 S/cm2: all that the cable
/// equation's nodes say, in one number.
double input_resistance(const Compartments& cell, size_t section) {
  const size_t n = cell.nodes.size();
  std::vector<double> diagonal(n), current(n);
  for (size_t i = 0; i < n; ++i) {
    const auto& node = cell.nodes[i];
    if (node.compartment >= 0) diagonal[i] += 1e-4 * 1e-2 * cell.compartments[node.compartment].area_um2;
    diagonal[i] += node.axial_conductance_uS;
    if (node.parent >= 0) diagonal[node.parent] += node.axial_conductance_uS;
  }
  const int at = cell.node_of[cell.at(static_cast<int>(section), 0.5)];
  current[at] = 1;
  for (size_t i = n; i-- > 1;) {
    const auto parent = static_cast<size_t>(cell.nodes[i].parent);
    const double g = cell.nodes[i].axial_conductance_uS;
    diagonal[parent] -= g * g / diagonal[i];
    current[parent] += g * current[i] / diagonal[i];
  }
  std::vector<double> v(n);
  v[0] = current[0] / diagonal[0];
  for (size_t i = 1; i < n; ++i)
    v[i] = (current[i] + cell.nodes[i].axial_conductance_uS * v[cell.nodes[i].parent]) / diagonal[i];
  return v[at];
}

/// NEURON's Impedance at 0 Hz and distance() from the first soma's middle.
void expect_electrotonus(std::string_view text, const std::vector<std::pair<double, double>>& expected) {
  const auto cell = cut(
      swc(text), [](const Section& s) { return by_spacing(s, 40); }, 100);
  ASSERT_EQ(cell.sections.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const auto [resistance, distance] = expected[i];
    // NEURON's matrix gives the zero-area nodes an area of 100 um2 without membrane: rounding only.
    EXPECT_NEAR(input_resistance(cell, i), resistance, 1e-8 * resistance) << cell.sections[i].name;
    const auto middle = static_cast<size_t>(cell.at(static_cast<int>(i), 0.5));
    EXPECT_NEAR(cell.compartments[middle].path_um, distance, 1e-6) << cell.sections[i].name;
  }
}

constexpr auto kBranchedDendrites =
    "1 1 0 0 0 6 -1\n"
    "2 3 0 10 0 1 1\n"
    "3 3 0 60 0 0.8 2\n"
    "4 3 20 90 0 0.5 3\n"
    "5 3 -20 95 0 0.4 3\n"
    "6 3 -40 140 5 0.3 5\n"
    "7 4 0 -9 0 2 1\n"
    "8 4 0 -40 0 1.5 7\n"
    "9 4 0 -100 0 1 8\n"
    "10 4 30 -40 0 0.7 8\n"
    "11 2 12 0 0 0.6 1\n"
    "12 2 50 0 0 0.5 11\n"
    "13 3 -30 3 0 0.9 1\n";

constexpr auto kStack =
    "1 1 0 -8 0 3 -1\n"
    "2 1 0 -3 0 6 1\n"
    "3 1 0 3 0 6 2\n"
    "4 1 0 8 0 2 3\n"
    "5 3 0 -20 0 1 1\n"
    "6 3 0 -70 0 0.8 5\n"
    "7 3 20 3 0 1 3\n"
    "8 3 80 3 0 0.5 7\n"
    "9 4 0 20 0 2 4\n"
    "10 4 0 120 0 1 9\n"
    "11 4 30 3 3 0.4 2\n";

constexpr auto kBranchedSoma =
    "1 1 0 0 0 6 -1\n"
    "2 1 0 -7 0 5 1\n"
    "3 1 0 7 0 4 1\n"
    "4 3 0 10 0 1 1\n"
    "5 3 0 60 0 0.8 4\n"
    "6 3 0 -30 0 0.8 2\n"
    "7 3 0 -50 0 0.7 6\n"
    "8 3 0 25 0 0.8 3\n";

TEST(Swc, AOnePointSomaIsABallWithDendritesOnItsMiddle) {
  // A dendrite of several points begins at its own first point; one of a single point (dend[3]) at the
  // soma's.
  expect_sections(kBranchedDendrites, {{"soma[0]", "", 0, 3, 1, 12, 452.389342},
                                       {"axon[0]", "soma[0]", 0.5, 2, 1, 38, 131.31903},
                                       {"dend[0]", "soma[0]", 0.5, 2, 3, 50, 282.745603},
                                       {"dend[1]", "dend[0]", 1, 2, 1, 36.0555128, 147.258353},
                                       {"dend[2]", "dend[0]", 1, 3, 5, 89.8087634, 260.828319},
                                       {"dend[3]", "soma[0]", 0.5, 2, 1, 30.1496269, 170.492119},
                                       {"apic[0]", "soma[0]", 0.5, 2, 1, 31, 340.907137},
                                       {"apic[1]", "apic[0]", 1, 2, 3, 60, 471.25526},
                                       {"apic[2]", "apic[0]", 1, 2, 1, 30, 207.418824}});
}

TEST(Swc, TheThreePointSomaOfNeuroMorphoIsABallToo) {
  expect_sections(
      "1 1 0 0 0 6 -1\n2 1 0 -6 0 6 1\n3 1 0 6 0 6 1\n4 3 0 10 0 1 1\n5 3 0 60 0 0.8 4\n6 3 10 80 0 0.8 5\n7 "
      "3 -10 80 0 0.8 5\n",
      {{"soma[0]", "", 0, 3, 1, 12, 452.389342},
       {"dend[0]", "soma[0]", 0.5, 2, 3, 50, 282.745603},
       {"dend[1]", "dend[0]", 1, 2, 1, 22.3606798, 112.397037},
       {"dend[2]", "dend[0]", 1, 2, 1, 22.3606798, 112.397037}});
}

TEST(Swc, ASomaOfManyPointsIsAStackAndDendritesHangWhereTheyTouchIt) {
  expect_sections(kStack, {{"soma[0]", "", 0, 4, 1, 16, 551.989016},
                           {"dend[0]", "soma[0]", 0, 3, 3, 62, 358.143826},
                           {"dend[1]", "soma[0]", 0.5, 2, 3, 60, 282.753156},
                           {"apic[0]", "soma[0]", 1, 3, 5, 112, 1093.32137},
                           {"apic[1]", "soma[0]", 0.5, 2, 1, 30.7408523, 77.2601897}});
}

TEST(Swc, ADendriteOnEitherEndOfTheSomaIsElectricallyWhereNeuronHasIt) {
  expect_electrotonus(
      kStack,
      {{424.112597, 0}, {432.166544, 39}, {434.676059, 30}, {426.14209, 64}, {452.622163, 15.3704261}});
}

TEST(Swc, ASomaThatBranchesIsSeveralSections) {
  expect_sections(kBranchedSoma, {{"soma[0]", "", 0, 2, 1, 7, 244.358562},
                                  {"soma[1]", "soma[0]", 0, 2, 1, 7, 228.711397},
                                  {"dend[0]", "soma[0]", 0, 2, 3, 50, 282.745603},
                                  {"dend[1]", "soma[0]", 1, 3, 3, 43, 209.859569},
                                  {"dend[2]", "soma[1]", 1, 2, 1, 18, 90.4778698}});
  expect_electrotonus(
      kBranchedSoma,
      {{947.598388, 0}, {947.608343, 7}, {952.862927, 28.5}, {955.028435, 25}, {951.361785, 19.5}});
}

TEST(Swc, ADendriteThatBranchesAtItsFirstPointMakesNoSectionOfOnePoint) {
  // The second branch begins where the first does. (So does NEURON, but where the dendrite's
  // first point is the second of the file: it overlooks that one.)
  constexpr auto text =
      "1 1 0 0 0 6 -1\n"
      "2 3 20 0 0 1 1\n"
      "3 3 30 0 0 1 2\n"
      "6 4 0 -10 0 1 1\n"
      "7 4 0 -60 0 0.8 6\n"
      "8 4 30 -30 0 0.7 6\n"
      "9 4 30 -60 0 0.5 8\n";
  const auto m = swc(text);
  ASSERT_EQ(m.sections.size(), 4u);
  expect_sections(text, {{"soma[0]", "", 0, 3, 1, 12, 452.389342},
                         {"dend[0]", "soma[0]", 0.5, 2, 1, 10, 62.8318531},
                         {"apic[0]", "soma[0]", 0.5, 2, 3, 50, 282.745603},
                         {"apic[1]", "apic[0]", 0, 3, 3, 66.0555128, 305.66846}});
  // apic[1] hangs on the soma, not on the middle of apic[0].
  const auto cell = cut(
      m, [](const Section& s) { return by_spacing(s, 40); }, 100);
  EXPECT_NEAR(cell.compartments[cell.at(3, 0.5)].path_um, 33.0277564, 1e-6);
}

TEST(Swc, AChangeOfTypeEndsASection) {
  expect_sections(
      "1 1 0 0 0 6 -1\n2 3 0 10 0 1 1\n3 3 0 60 0 0.8 2\n4 4 0 90 0 0.7 3\n5 4 0 130 0 0.6 4\n6 5 0 170 0 "
      "0.5 5\n"
      "7 0 0 200 0 0.5 6\n8 2 20 0 0 0.5 1\n9 2 40 0 0 0.5 8\n10 7 60 0 0 0.5 9\n11 7 80 0 0 0.5 10\n",
      {{"soma[0]", "", 0, 3, 1, 12, 452.389342},
       {"axon[0]", "soma[0]", 0.5, 2, 1, 20, 62.8318531},
       {"dend[0]", "soma[0]", 0.5, 2, 3, 50, 282.745603},
       {"apic[0]", "dend[0]", 1, 3, 3, 70, 304.735785},
       {"dend_5[0]", "apic[0]", 1, 2, 3, 40, 138.230512},
       {"dend_0[0]", "dend_5[0]", 1, 2, 1, 30, 94.2477796},
       {"dend_7[0]", "axon[0]", 1, 3, 3, 40, 125.663706}});
}

TEST(Swc, ASectionWithoutLengthDisappearsAndItsChildrenMoveUp) {
  expect_sections(
      "1 1 0 0 0 6 -1\n2 3 0 10 0 1 1\n3 3 0 60 0 0.8 2\n4 3 0 60 0 0.7 3\n5 3 20 90 0 0.7 4\n6 3 -20 90 0 "
      "0.6 3\n7 3 40 90 0 0.7 4\n",
      {{"soma[0]", "", 0, 3, 1, 12, 452.389342},
       {"dend[0]", "soma[0]", 0.5, 2, 3, 50, 282.745603},
       {"dend[1]", "dend[0]", 1, 2, 1, 36.0555128, 158.580425},
       {"dend[2]", "dend[0]", 1, 2, 1, 36.0555128, 158.582871},
       {"dend[3]", "dend[0]", 1, 2, 3, 50, 219.911482}});
}

TEST(Swc, SectionsComeByKindWhateverTheOrderOfTheFile) {
  const auto m =
      swc("1 1 0 0 0 6 -1\n2 4 0 10 0 1 1\n3 4 0 60 0 1 2\n4 3 0 -10 0 1 1\n5 3 0 -60 0 1 4\n6 2 10 0 0 1 "
          "1\n7 2 60 0 0 1 6\n"
          "8 3 0 10 9 1 1\n9 3 0 60 9 1 8\n");
  std::vector<std::string> names;
  for (const auto& s : m.sections) names.push_back(s.name);
  EXPECT_EQ(names, (std::vector<std::string>{"soma[0]", "axon[0]", "dend[0]", "dend[1]", "apic[0]"}));
  EXPECT_EQ(m.sections[4].region, Region::apical);
  EXPECT_EQ(m.sections[2].points[1].y_um, -60);  // dend[0] is the one that comes first in the file
}

TEST(Swc, PointsMayComeBeforeTheirParent) {
  const auto m = swc("3 3 0 60 0 1 2\n2 3 0 10 0 1 1\n1 1 0 0 0 6 -1\n");
  ASSERT_EQ(m.sections.size(), 2u);
  EXPECT_EQ(length_um(m.sections[1]), 50);
}

TEST(Swc, CommentsBlanksCommasAndWindowsLineEndsAreReadPast) {
  const auto m =
      swc("# a cell\r\n\r\n 1,1 0 0 0 6 -1\r\n2\t3 0 1e1 0 +1 1 # the dendrite\n3 3 0 60 0 1 2 99");
  ASSERT_EQ(m.sections.size(), 2u);
  EXPECT_EQ(length_um(m.sections[1]), 50);
}

TEST(Swc, IsTheSameTreeWhateverEndsItsLines) {
  const std::string text = "# a cell\n1 1 0 0 0 6 -1\n2 3 0 10 0 1 1\n\n3 3 0 60 0 1 2\n";
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    std::string ended;
    for (const char c : text) ended += c == '\n' ? end : std::string(1, c);
    const auto m = swc(ended);
    ASSERT_EQ(m.sections.size(), 2u);
    EXPECT_EQ(length_um(m.sections[1]), 50);
    EXPECT_EQ(refusal(ended + "4 3 0 ten 0 1 3"), "cell.swc:6: 'ten' is not a number");
  }
}

double area_um2(const Compartments& cell, size_t section) {
  double area = 0;
  for (int c = cell.first_compartment[section]; c < cell.first_compartment[section + 1]; ++c)
    area += cell.compartments[c].area_um2;
  return area;
}

Compartments in_pieces_of_40_um(std::string_view text) {
  return cut(
      swc(text), [](const Section& s) { return by_spacing(s, 40); }, 100);
}

TEST(Swc, ASomaAloneIsASphereOrAConeOfItsOwnArea) {
  const double pi = std::numbers::pi;
  // One point, or NeuroMorpho's three: a cylinder as long as thick, with the area of the sphere, pi d^2.
  EXPECT_NEAR(area_um2(in_pieces_of_40_um("1 1 3 -2 1 4 -1\n"), 0), pi * 64, 1e-4);
  EXPECT_NEAR(area_um2(in_pieces_of_40_um("1 1 0 0 0 4 -1\n2 1 0 -4 0 4 1\n3 1 0 4 0 4 1\n"), 0), pi * 64,
              1e-4);
  // Two points: the mantle of a cone frustum, pi (r + R) s, with the slant s.
  EXPECT_NEAR(area_um2(in_pieces_of_40_um("1 1 0 0 0 3 -1\n2 1 0 4 0 0.5 1\n"), 0),
              pi * 3.5 * std::hypot(4, 2.5), 1e-4);
}

TEST(Swc, ABallFarFromTheOriginIsAsLongAsSinglePrecisionMakesIt) {
  const auto m = swc("1 1 550.439 522.6341 38.7565 5.1205 -1\n");
  EXPECT_EQ(length_um(m.sections[0]), 10.240966796875);  // as NEURON 8.2.2 says: not 10.241
}

TEST(Swc, ADendriteOfASomaOfSeveralPointsBeginsAtItsOwnFirstPointOnTheMiddle) {
  const auto cell =
      in_pieces_of_40_um("1 1 0 0 0 6 -1\n2 1 0 0 3 6 1\n3 1 0 0 6 6 2\n4 3 2 0 3 0.5 2\n5 3 14 0 3 0.5 4\n");
  ASSERT_EQ(cell.sections.size(), 2u);
  EXPECT_EQ(length_um(cell.sections[0]), 6);
  EXPECT_EQ(length_um(cell.sections[1]), 12);
  EXPECT_EQ(cell.sections[1].parent_x, 0.5);
  EXPECT_NEAR(area_um2(cell, 1), std::numbers::pi * 12, 1e-4);
}

TEST(Swc, WholeNumbersMayHaveADecimalPoint) {
  const auto m = swc("1.0 1.0 0 0 0 6 -1.0\n2.000 3.0 0 10 0 1 1.0\n3.0 3 0 60 0 1 2.0\n");
  ASSERT_EQ(m.sections.size(), 2u);
  EXPECT_EQ(m.sections[1].region, Region::basal);
  EXPECT_EQ(length_um(m.sections[1]), 50);
}

/// How a tree of many points grows: the parent and the type of each point, by its number from 2 on.
struct Growth {
  const char* name;
  int (*parent)(int);
  int (*type)(int);
};

std::string tree_of(int points, const Growth& growth) {
  std::string text = "1 1 0 0 0 7.5 -1\n";
  for (int i = 2; i < points + 2; ++i) {
    text +=
        fmt::format("{} {} {} {} 0 0.5 {}\n", i, growth.type(i), 0.5 * (i % 50 + 1), i % 7, growth.parent(i));
  }
  return text;
}

TEST(Swc, LargeTreesOfAnyShapeTakeTimeInProportionToTheirSize) {
  const auto before = [](int i) { return i - 1; };
  const auto basal = [](int) { return 3; };
  const std::array<Growth, 4> growths{
      {{"one long branch", before, basal},
       {"a chain of sections, whose kinds alternate", before, [](int i) { return i % 2 ? 3 : 4; }},
       {"a star of dendrites on the soma", [](int) { return 1; }, basal},
       {"a spine with a twig at every point", [](int i) { return i % 2 ? std::max(1, i - 2) : i - 1; },
        [](int) { return 4; }}}};
  for (const auto& growth : growths) {
    SCOPED_TRACE(growth.name);
    const auto processor_s = [&](int points) {
      const auto text = tree_of(points, growth);
      const auto start = std::clock();
      const auto cell = cut(
          swc(text), [](const Section& s) { return by_spacing(s, 40); }, 100);
      EXPECT_EQ(parts_of(cell.sections).size(), cell.sections.size());
      return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    };
    // Four times the size: 4 times the time, 16 times if it grew with the square. A tenth of a second is
    // noise.
    const double small_s = processor_s(25000), large_s = processor_s(100000);
    EXPECT_LT(large_s, 8 * small_s + 0.1);
  }
  EXPECT_EQ(swc(tree_of(1000, growths[0])).sections.size(), 2u);
  EXPECT_EQ(swc(tree_of(1000, growths[1])).sections.size(), 1001u);
  EXPECT_EQ(swc(tree_of(1000, growths[2])).sections.size(), 1001u);
  EXPECT_GT(swc(tree_of(1000, growths[3])).sections.size(), 900u);
}

TEST(Swc, ErrorsNameFileAndLine) {
  const std::string soma = "# a soma\n1 1 0 0 0 6 -1\n";
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"2 3 0 ten 0 1 1", "cell.swc:3: 'ten' is not a number"},
      {"2 3 0 1e 0 1 1", "cell.swc:3: '1e' is not a number"},
      {"2 3 0 nan 0 1 1", "cell.swc:3: 'nan' is not a number"},
      {"2 3 0 10 0 1", "cell.swc:3: 6 numbers; expected id, type, x, y, z, radius, parent"},
      {"2.5 3 0 10 0 1 1", "cell.swc:3: '2.5' is no whole number"},
      {"2 3 0 10 0 -1 1", "cell.swc:3: a radius of -1 um; expected 0 or more"},
      {"2 3 0 1e7 0 1 1", "cell.swc:3: a coordinate of 10000000 um"},
      {"2 3 0 10 0 1 7", "cell.swc:3: the parent 7 is not there"},
      {"2 3 0 10 0 1 2", "cell.swc:3: a point that is its own parent"},
      {"1 3 0 10 0 1 1", "cell.swc:3: a second point 1; the first is in line 2"},
      {"2 3 0 10 0 1 3\n3 3 0 20 0 1 2", "cell.swc:3: point 2 is its own ancestor"},
      {"-2 3 0 10 0 1 1", "cell.swc:3: a point -2; expected a number from 0 on"},
  };
  for (const auto& [line, message] : wrong) EXPECT_EQ(refusal(soma + line + "\n"), message);
}

TEST(Swc, AFileWithoutPointsIsRefused) {
  EXPECT_EQ(refusal(""), "cell.swc: holds no points");
  EXPECT_EQ(refusal("# nothing\n\n"), "cell.swc: holds no points");
}

TEST(Swc, WithoutASomaTheFirstPointIsTheRoot) {
  constexpr auto text =
      "1 3 0 0 0 1 -1\n"
      "2 3 0 100 0 1 1\n"
      "3 3 30 150 0 0.5 2\n"
      "4 3 -30 150 0 0.5 2\n"
      "5 3 20 0 0 1 1\n";  // a branch of the first point begins where the root does
  expect_sections(text, {{"dend[0]", "", 0, 2, 5, 100, 628.318531},
                         {"dend[1]", "dend[0]", 1, 2, 3, 58.3095189, 274.787236},
                         {"dend[2]", "dend[0]", 1, 2, 3, 58.3095189, 274.787236},
                         {"dend[3]", "dend[0]", 0, 2, 1, 20, 125.663706}});
  ASSERT_EQ(swc(text).notes.size(), 1u);
  EXPECT_NE(swc(text).notes[0].find("has no soma"), std::string::npos);
}

TEST(Swc, ASomaMayComeAfterANeurite) {
  expect_sections(
      "1 3 0 0 0 1 -1\n2 3 0 10 0 1 1\n3 1 0 20 0 6 2\n4 1 0 30 0 6 3\n5 3 0 60 0 1 4\n6 3 0 90 0 1 5\n",
      {{"dend[0]", "", 0, 2, 1, 10, 62.8318531},
       {"soma[0]", "dend[0]", 1, 3, 1, 20, 622.859634},
       {"dend[1]", "soma[0]", 1, 3, 3, 60, 376.991118}});
}

TEST(Swc, SeveralRootsHangOnTheFirstSection) {
  const auto m = swc("1 1 0 0 0 6 -1\n2 3 0 10 0 1 -1\n3 3 0 60 0 1 2\n");
  ASSERT_EQ(m.sections.size(), 2u);
  EXPECT_EQ(m.sections[1].parent, 0);
  EXPECT_EQ(m.sections[1].parent_x, 0.5);
  expect_sections(
      "1 1 0 0 0 6 -1\n2 1 0 8 0 6 1\n3 1 0 16 0 6 2\n4 3 0 20 0 1 3\n5 3 0 60 0 1 4\n6 3 0 -10 0 1 -1\n"
      "7 3 0 -60 0 1 6\n8 3 3 -70 0 1 -1\n",
      {{"soma[0]", "", 0, 3, 1, 16, 603.185789},
       {"dend[0]", "soma[0]", 1, 3, 3, 44, 276.460154},
       {"dend[1]", "soma[0]", 0.5, 2, 3, 50, 314.159265},
       {"dend[2]", "soma[0]", 0.5, 2, 3, 70.0642562, 440.226705}});
}

TEST(Swc, ARadiusOfZeroIsLeftAndSaid) {
  constexpr auto text = "1 1 0 0 0 5 -1\n2 3 0 5 0 0.5 1\n3 3 0 50 0 0 2\n";
  expect_sections(
      text, {{"soma[0]", "", 0, 3, 1, 10, 314.159265}, {"dend[0]", "soma[0]", 0.5, 2, 3, 45, 70.6901979}});
  const auto notes = swc(text).notes;
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0],
            "cell.swc:3: a radius of 0; left so, as NEURON does: no membrane and no current along the tree "
            "there");
}

TEST(Swc, PointsWhoseBranchesAreMixedUpAreReadBranchAfterBranch) {
  // NEURON would join point 3 of one branch with point 4 of the other.
  const auto m =
      swc("1 1 0 0 0 5 -1\n2 3 0 5 0 1 1\n3 4 0 -5 0 1 1\n4 3 0 25 0 1 2\n5 4 0 -25 0 1 3\n6 3 0 45 0 1 4\n");
  ASSERT_EQ(m.sections.size(), 3u);
  EXPECT_EQ(m.sections[1].name, "dend[0]");
  EXPECT_EQ(length_um(m.sections[1]), 40);
  EXPECT_EQ(m.sections[2].name, "apic[0]");
  EXPECT_EQ(length_um(m.sections[2]), 20);
}

TEST(Swc, AParentZeroIsNoneWhereNoPointHasThatNumber) {
  EXPECT_EQ(swc("1 1 0 0 0 6 0\n2 3 0 10 0 1 1\n3 3 0 60 0 1 2\n").sections.size(), 2u);
}

}  // namespace
}  // namespace nt::morphology
