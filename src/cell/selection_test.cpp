#include "cell/detail/selection.hpp"

#include <gtest/gtest.h>

namespace nt::cell {
namespace {

/// soma[0] - dend[0] - dend[1], dend[2]; dend[1] - dend_7[0] (another type, no branch); soma[0] - apic[0].
morphology::Compartments tree() {
  return cut(
      morphology::read_swc(
          "1 1 0 0 0 5 -1\n2 3 0 5 0 1 1\n3 3 0 55 0 1 2\n4 3 20 105 0 1 3\n5 7 20 155 0 1 4\n"
          "6 3 -20 105 0 1 3\n7 4 0 -5 0 1 1\n8 4 0 -205 0 1 7\n",
          "cell.swc"),
      [](const morphology::Section& s) { return morphology::by_spacing(s, 40); }, 100);
}

std::string chosen(const std::string& toml) {
  const auto settings = config::Settings::from_text(toml);
  const auto geometry = tree();
  const auto which = select_sections(settings, geometry.sections);
  std::string names;
  for (size_t s = 0; s < which.size(); ++s)
    if (which[s]) names += (names.empty() ? "" : " ") + geometry.sections[s].name;
  return names;
}

TEST(Selection, KnowsNeuronsNamesBesideOurs) {
  EXPECT_EQ(chosen("regions = [\"basal\"]"), "dend[0] dend[1] dend[2]");
  EXPECT_EQ(chosen("regions = [\"dend\"]"), chosen("regions = [\"basal\"]"));
  EXPECT_EQ(chosen("regions = [\"apic\"]"), "apic[0]");
  EXPECT_EQ(chosen("regions = [\"somatic\", \"other\"]"), "soma[0] dend_7[0]");
  EXPECT_EQ(chosen("regions = [\"all\"]"), "soma[0] dend[0] dend[1] dend[2] apic[0] dend_7[0]");
  EXPECT_EQ(chosen("regions = [\"axonal\"]"), "");
}

TEST(Selection, OfSectionsGoesByNameAndPattern) {
  EXPECT_EQ(chosen("sections = [\"dend[1]\", \"apic[?]\"]"), "dend[1] apic[0]");
  EXPECT_EQ(chosen("sections = [\"dend*\"]"), "dend[0] dend[1] dend[2] dend_7[0]");
  EXPECT_EQ(chosen("sections = [\"*0]\"]"), "soma[0] dend[0] apic[0] dend_7[0]");
  EXPECT_EQ(chosen("sections = [\"dend*\"]\nregions = [\"basal\"]"), "dend[0] dend[1] dend[2]");
  try {
    chosen("sections = [\"dend[9]\"]");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "settings:1: 'sections' names the section \"dend[9]\", which the neuron does not have");
  }
}

TEST(Selection, GoesByTheTypeOfTheSwcFile) {
  EXPECT_EQ(chosen("swc_types = [7]"), "dend_7[0]");
  EXPECT_EQ(chosen("swc_types = [1, 4]"), "soma[0] apic[0]");
}

TEST(Selection, GoesByBranchOrder) {
  EXPECT_EQ(chosen("branch_order = [0, 0]"), "soma[0]");
  EXPECT_EQ(chosen("branch_order = [1, 1]"), "dend[0] apic[0]");
  EXPECT_EQ(chosen("branch_order = [2, 9]"), "dend[1] dend[2] dend_7[0]");  // a change of type is no branch
}

TEST(Selection, OfCompartmentsGoesByDistance) {
  const auto geometry = tree();
  const auto all = select_compartments(
      config::Settings::from_text("regions = [\"apic\"]\ndistance_um = [100, 200]"), geometry);
  ASSERT_FALSE(all.empty());
  for (const int c : all) {
    EXPECT_EQ(geometry.region(c), morphology::Region::apical);
    EXPECT_GE(geometry.compartments[c].path_um, 100);
    EXPECT_LE(geometry.compartments[c].path_um, 200);
  }
  EXPECT_THROW(select_compartments(
                   config::Settings::from_text("regions = [\"apic\"]\ndistance_um = [1000, 2000]"), geometry),
               InputError);
  EXPECT_THROW(select_compartments(config::Settings::from_text("distance_um = [0, 10]"), geometry),
               InputError);
}

}  // namespace
}  // namespace nt::cell
