#include "cell/detailed.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "cell/neuron.hpp"
#include "config/temporary_folder.hpp"

namespace nt::cell {
namespace {

namespace fs = std::filesystem;

fs::path above(const std::string& wanted) {
  for (fs::path folder = fs::path(__FILE__).parent_path(); folder.has_relative_path();
       folder = folder.parent_path())
    if (fs::exists(folder / wanted)) return folder / wanted;
  return {};
}

fs::path l5pc() {
  return above("cells/l5pc.toml");
}

DetailedCell read(const std::vector<std::string>& set = {}, const CellChoices& choices = {}) {
  const auto settings = config::Settings::from_file(l5pc(), "", set);
  auto cell = read_detailed_cell(settings, l5pc().parent_path(), choices);
  settings.reject_unread();
  return cell;
}

const Placement* placement(const DetailedCell& cell, const std::string& mechanism) {
  for (const auto& p : cell.placements)
    if (p.mechanism().name == mechanism) return &p;
  return nullptr;
}

/// A parameter in every compartment; 0 where the mechanism is not.
std::vector<double> everywhere(const DetailedCell& cell, const std::string& mechanism,
                               const std::string& parameter) {
  std::vector<double> values(cell.geometry.compartments.size());
  const auto* p = placement(cell, mechanism);
  if (p == nullptr) return values;
  const auto& parameters = p->mechanism().parameters;
  const auto k = std::find_if(parameters.begin(), parameters.end(),
                              [&](const mechanism::Parameter& q) { return q.name == parameter; }) -
                 parameters.begin();
  for (size_t i = 0; i < p->compartments.size(); ++i) values[p->compartments[i]] = p->parameters[i][k];
  return values;
}

morphology::Region region_of(const DetailedCell& cell, size_t compartment) {
  return cell.geometry.region(static_cast<int>(compartment));
}

TEST(L5pc, LoadsOnTheBuiltInTree) {
  const auto cell = read();
  EXPECT_EQ(cell.initial_mV, -76);
  EXPECT_EQ(cell.celsius, 6.3);
  EXPECT_EQ(cell.ions.at("na").reversal_mV, 50);
  EXPECT_EQ(cell.ions.at("k").reversal_mV, -85);
  ASSERT_TRUE(cell.nexus);
  EXPECT_EQ(region_of(cell, static_cast<size_t>(*cell.nexus)), morphology::Region::apical);
  EXPECT_EQ(std::count_if(cell.geometry.sections.begin(), cell.geometry.sections.end(),
                          [](const morphology::Section& s) { return s.region == morphology::Region::axon; }),
            2);
  // Concentrations before those who read them, then by name, as NEURON does.
  EXPECT_EQ(cell.placements[0].mechanism().name, "CaDynamics_E2");
  for (size_t i = 2; i < cell.placements.size(); ++i)
    EXPECT_LE(cell.placements[i - 1].mechanism().name, cell.placements[i].mechanism().name);
}

TEST(L5pc, DensitiesAreThoseOfItsRegions) {
  const auto cell = read();
  const auto na = everywhere(cell, "NaTs2_t", "gbar"), leak = everywhere(cell, "leak", "g"),
             decay = everywhere(cell, "CaDynamics_E2", "decay");
  for (size_t c = 0; c < na.size(); ++c) {
    const auto region = region_of(cell, c);
    const bool dendrite = region == morphology::Region::basal || region == morphology::Region::apical;
    EXPECT_EQ(na[c], region == morphology::Region::soma     ? 0.998912
                     : region == morphology::Region::apical ? 0.021489
                                                            : 0);
    EXPECT_EQ(leak[c], dendrite ? 6e-5 : 3e-5);
    EXPECT_EQ(cell.capacitance_uF_cm2[c], dendrite ? 2 : 1);
    EXPECT_EQ(decay[c], region == morphology::Region::soma     ? 294.679571
                        : region == morphology::Region::axon   ? 277.300774
                        : region == morphology::Region::apical ? 35.725651
                                                               : 0);
  }
}

TEST(L5pc, DensitiesMayFollowTheDistanceFromTheSoma) {
  const auto cell = read();
  const auto ih = everywhere(cell, "Ih", "gbar"), lva = everywhere(cell, "Ca_LVAst", "gbar");
  double longest = 0;
  for (size_t c = 0; c < ih.size(); ++c)
    if (region_of(cell, c) == morphology::Region::apical)
      longest = std::max(longest,
                         cell.geometry.compartments[c].path_um + cell.geometry.compartments[c].length_um / 2);
  int hot = 0;
  for (size_t c = 0; c < ih.size(); ++c) {
    if (region_of(cell, c) != morphology::Region::apical) continue;
    const auto& here = cell.geometry.compartments[c];
    // The last compartment of a section has the value of the section's end.
    const bool last =
        static_cast<int>(c) + 1 == cell.geometry.first_compartment[static_cast<size_t>(here.section) + 1];
    const double distance = here.path_um + (last ? here.length_um / 2 : 0);
    const double expected = 1e-4 * (-0.8696 + 2.0870 * std::exp(3.6161 * std::min(distance / longest, 0.65)));
    EXPECT_NEAR(ih[c], expected, 1e-14) << distance;
    const bool inside = distance > 685 && distance < 885;
    EXPECT_NEAR(lva[c], 0.141954 * 1.6 * (inside ? 1 : 0.01), 1e-14) << distance;
    hot += inside;
  }
  EXPECT_GT(hot, 10);
}

TEST(L5pc, EachDendriticCompartmentHasAnExcitatoryAndAnInhibitorySynapse) {
  const auto cell = read();
  size_t dendritic = 0;
  for (size_t c = 0; c < cell.geometry.compartments.size(); ++c)
    dendritic +=
        region_of(cell, c) == morphology::Region::basal || region_of(cell, c) == morphology::Region::apical;
  for (const auto& [group, name] : {std::pair{cell.excitatory, "AMPANMDA"}, {cell.inhibitory, "DoubleExp"}}) {
    EXPECT_EQ(cell.placements.at(*group.placement).mechanism().name, name);
    EXPECT_EQ(cell.placements.at(*group.placement).compartments.size(), dendritic);
  }
}

TEST(L5pc, CompartmentsMayFollowTheLengthConstant) {
  const auto cell = read({"compartment_rule=d_lambda"}),
             finer = read({"compartment_rule=d_lambda", "d_lambda=0.05"});
  for (size_t s = 0; s < cell.geometry.sections.size(); ++s) {
    const auto& section = cell.geometry.sections[s];
    const double cm =
        section.region == morphology::Region::basal || section.region == morphology::Region::apical ? 2 : 1;
    EXPECT_EQ(cell.geometry.count(static_cast<int>(s)), morphology::by_d_lambda(section, 0.1, 100, 100, cm))
        << section.name;
  }
  EXPECT_GT(finer.geometry.compartments.size(), cell.geometry.compartments.size());
}

TEST(L5pc, ReceptorsMayBeChosen) {
  const auto nmda = [](const DetailedCell& cell) {
    return *std::max_element(cell.placements[*cell.excitatory.placement].parameters.begin(),
                             cell.placements[*cell.excitatory.placement].parameters.end());
  };
  EXPECT_NE(nmda(read()), nmda(read({}, {{}, "ampa"})));
  const auto cell = read({"receptors=ampa"});
  for (const double g : everywhere(cell, "AMPANMDA", "nmda_gmax")) EXPECT_EQ(g, 0);
  EXPECT_EQ(everywhere(cell, "AMPANMDA", "ampa_gmax").back(), 0.0004);
}

TEST(L5pc, DensitiesOfAMechanismMayBeScaled) {
  const auto plain = everywhere(read(), "SK_E2", "gbar"),
             tenth = everywhere(read({"density_factors.SK_E2=0.1"}), "SK_E2", "gbar");
  for (size_t c = 0; c < plain.size(); ++c) EXPECT_DOUBLE_EQ(tenth[c], 0.1 * plain[c]);
  // Nothing but densities: z_tau stays.
  EXPECT_EQ(everywhere(read({"density_factors.SK_E2=0.1"}), "SK_E2", "z_tau")[0], 1);
}

TEST(L5pc, DendritesMayBePassive) {
  const auto cell = read({"passive=[\"basal\", \"apical\"]"}), plain = read();
  EXPECT_EQ(everywhere(cell, "leak", "g"), everywhere(plain, "leak", "g"));
  for (const auto& p : cell.placements) {
    if (p.mechanism().receiving || p.mechanism().name == "leak") continue;
    ASSERT_FALSE(p.compartments.empty()) << p.mechanism().name;
    for (const int c : p.compartments)
      EXPECT_TRUE(region_of(cell, static_cast<size_t>(c)) == morphology::Region::soma ||
                  region_of(cell, static_cast<size_t>(c)) == morphology::Region::axon);
  }
  EXPECT_EQ(everywhere(cell, "NaTs2_t", "gbar")[0], 0.998912);
  // A mechanism that is nowhere any more is gone.
  EXPECT_EQ(placement(read({"passive=[\"soma\", \"axon\", \"basal\", \"apical\"]"}), "Ih"), nullptr);
}

TEST(L5pc, IhMayBeShifted) {
  const auto shift = everywhere(read({"vshift_mV.Ih=-5"}), "Ih", "vshift");
  EXPECT_EQ(shift[0], -5);
  EXPECT_EQ(*std::max_element(shift.begin(), shift.end()), -5);
}

/// A soma with one dendrite of this length, as SWC.
std::string tree_swc(int length_um) {
  return fmt::format("1 1 0 0 0 10 -1\n2 3 0 -11 0 1 1\n3 3 0 -{} 0 1 2\n", 11 + length_um);
}

TEST(Cell, TheTreeThatAnExperimentNamesLiesBesideTheExperiment) {
  // Both folders have a tree.swc, of other lengths: the cell's own file means its own, whoever begins from
  // it.
  const auto folder = config::own_temporary_folder() / "cell-of-an-experiment";
  fs::create_directories(folder / "cells");
  std::ofstream(folder / "cells/cell.toml")
      << "kind = \"detailed\"\nmorphology = \"tree.swc\"\n"
         "insert = [{ mechanism = \"leak\", regions = [\"soma\"], g = 1e-4, e = -70 }]\n";
  std::ofstream(folder / "cells/tree.swc") << tree_swc(100);
  std::ofstream(folder / "tree.swc") << tree_swc(200);
  std::ofstream(folder / "plain.toml") << "cell = { file = \"cells/cell.toml\" }\n";
  std::ofstream(folder / "other.toml")
      << "cell = { file = \"cells/cell.toml\", morphology = \"tree.swc\" }\n";
  const auto dendrite_um = [&](const std::string& experiment, const std::vector<std::string>& set = {}) {
    const auto settings = config::Settings::from_file(folder / experiment, "", set);
    const auto cell = std::get<DetailedCell>(read_neuron(settings.table_or_file("cell")));
    double length_um = 0;
    for (size_t c = 0; c < cell.geometry.compartments.size(); ++c)
      if (region_of(cell, c) == morphology::Region::basal)
        length_um += cell.geometry.compartments[c].length_um;
    return length_um;
  };
  const double own_um = dendrite_um("plain.toml"), other_um = own_um + 100;
  EXPECT_NEAR(own_um, 100, 11);  // a part of it may be counted to the soma, of 10 um
  EXPECT_NEAR(dendrite_um("other.toml"), other_um, 1e-6);
  // From the command line: a path without quotes, from where the program runs.
  const auto from_here = fs::relative(folder / "tree.swc").string();
  EXPECT_NEAR(dendrite_um("plain.toml", {"cell.morphology=" + from_here}), other_um, 1e-6);
  EXPECT_NEAR(dendrite_um("plain.toml", {"cell.morphology=" + (folder / "tree.swc").string()}), other_um,
              1e-6);
}

TEST(L5pc, ChoicesArePartOfTheResolvedConfiguration) {
  const std::vector<std::string> set{"density_factors.SK_E2=0.1"};
  const auto settings = config::Settings::from_file(l5pc(), "", set);
  read_detailed_cell(settings, l5pc().parent_path());
  const auto resolved = settings.resolved();
  for (const auto* part : {"SK_E2 = 0.1", "Ih = 0.0", "passive = []", "Ca_HVA"})
    EXPECT_NE(resolved.find(part), std::string::npos) << part;
  // ... and read back as the same cell.
  const auto again =
      read_detailed_cell(config::Settings::from_text(resolved, "resolved.toml"), l5pc().parent_path());
  EXPECT_EQ(everywhere(again, "SK_E2", "gbar"), everywhere(read(set), "SK_E2", "gbar"));
  EXPECT_EQ(everywhere(again, "Ih", "gbar"), everywhere(read(), "Ih", "gbar"));
}

class Wrong : public testing::Test {
 protected:
  /// The description with a part of its text replaced.
  static std::string refusal(const std::string& part, const std::string& by) {
    std::ifstream in(l5pc());
    std::string text(std::istreambuf_iterator<char>(in), {});
    const auto at = text.find(part);
    EXPECT_NE(at, text.npos) << part;
    text.replace(at, part.size(), by);
    try {
      const auto settings = config::Settings::from_text(text, "cell.toml");
      read_detailed_cell(settings, l5pc().parent_path());
      settings.reject_unread();
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  }
  static std::string line_of(const std::string& part) {
    std::ifstream in(l5pc());
    std::string line;
    for (int n = 1; std::getline(in, line); ++n)
      if (line.find(part) != line.npos) return "cell.toml:" + std::to_string(n) + ": ";
    return "no line";
  }
};

TEST_F(Wrong, ANegativeDensityIsToldHowToSwitchAChannelOff) {
  EXPECT_EQ(refusal("gbar = 0.021489", "gbar = -0.02"),
            line_of("gbar = 0.021489") +
                "'insert[9].gbar': density of 'NaTs2_t' in region 'apical' is negative (-0.02 S/cm2)\n"
                "            densities are conductances per area; use 0 to switch a channel off");
  EXPECT_NE(refusal("gbar = 0.021489", "gbar = \"0.01 - distance\"").find("is negative (-"),
            std::string::npos);
  EXPECT_NE(
      refusal("density_factors = { SK_E2 = 1 }", "density_factors = { SK_E2 = -1 }")
          .find(line_of("density_factors = {") + "'density_factors.SK_E2' is -1, expected from 0 to 1000000"),
      std::string::npos);
}

TEST_F(Wrong, AFormulaIsNamedWithWhatIsWrongInIt) {
  const auto with = [&](const std::string& formula) {
    return refusal("gbar = 0.021489", "gbar = \"" + formula + "\"");
  };
  const auto wanted = [&](const std::string& formula, const std::string& what) {
    return line_of("gbar = 0.021489") + "'insert[9].gbar' is the formula \"" + formula + "\": " + what +
           "; it may hold distance, longest, diameter, x, numbers and functions";
  };
  EXPECT_EQ(with("distanc + 1"),
            wanted("distanc + 1", "'distanc' is not declared; did you mean 'distance'?"));
  EXPECT_EQ(with("1 +"), wanted("1 +", "expected a value, found '}'"));
  EXPECT_EQ(with("v*0"), "accepted");  // 0
  EXPECT_EQ(with("v + 1"), wanted("v + 1", "'v' is unknown here"));
  EXPECT_EQ(with("1 } INITIAL { "), wanted("1 } INITIAL { ", "it has braces"));
  EXPECT_NE(with("log(distance - 1e9)")
                .find("'insert[9].gbar' of NaTs2_t is no number in apic[0], expected a finite number"),
            std::string::npos)
      << with("log(distance - 1e9)");
}

TEST_F(Wrong, NamesAreToldTheNearestOrTheKnown) {
  const std::string row = "{ mechanism = \"NaTa_t\", regions = [\"axon\"], gbar = 3.89618 }",
                    here = line_of("gbar = 3.89618");
  EXPECT_EQ(refusal(row, "{ mechanism = \"NaTa_t\", regions = [\"axxon\"], gbar = 1 }"),
            here +
                "'insert[10].regions' names the region \"axxon\", expected some of: soma, axon, basal, "
                "apical, other; or somatic, axonal, dend, apic, all");
  EXPECT_EQ(refusal(row, "{ mechanism = \"NaTa_t\", regions = [\"axon\"], gabr = 1 }"),
            here + "unknown key 'insert[10].gabr'; did you mean 'gbar'?");
  EXPECT_EQ(refusal(row, "{ mechanism = \"NaTa\", regions = [\"axon\"], gbar = 1 }")
                .find(here + "there is no mechanism 'NaTa'; did you mean 'NaTa_t'?"),
            0u);
  EXPECT_EQ(refusal(row, "{ mechanism = \"gone.mod\", regions = [\"axon\"], gbar = 1 }")
                .find(here + "there is no file "),
            0u);
  EXPECT_EQ(refusal(row, "{ regions = [\"axon\"], gbar = 1 }"), here + "'insert[10].mechanism' is missing");
  EXPECT_EQ(refusal(row, "{ mechanism = \"NaTa_t\", regions = [\"other\"], gbar = 1 }"),
            here + "no compartment is in these regions");
  EXPECT_EQ(refusal(row, "{ mechanism = \"NaTa_t\", regions = \"axon\", gbar = 1 }"),
            here + "'insert[10].regions' is the text \"axon\", expected a list of texts");
  EXPECT_EQ(refusal(row, row + ",\n" + row).find(here.substr(0, here.size() - 2)), std::string::npos);
  EXPECT_NE(refusal(row, row + ",\n" + row).find("NaTa_t is in section axon[0] already"), std::string::npos);
  EXPECT_EQ(
      refusal("passive = []", "passive = [\"dendrite\"]"),
      line_of("passive = []") +
          "'passive' names the region \"dendrite\", expected some of: soma, axon, basal, apical, other; or "
          "somatic, axonal, dend, apic, all");
  EXPECT_EQ(refusal("vshift_mV = { Ih = 0 }", "vshift_mV = { Im = 3 }")
                .find(line_of("vshift_mV = {") + "unknown key 'vshift_mV.Im'; did you mean 'Ih'?"),
            0u);
  EXPECT_EQ(refusal("density_factors = { SK_E2 = 1 }", "density_factors = { SK_E3 = 1 }")
                .find(line_of("density_factors = {") +
                      "unknown key 'density_factors.SK_E3'; did you mean 'SK_E2'?"),
            0u);
}

TEST_F(Wrong, WhatIsNoSynapseTakesNoInput) {
  EXPECT_EQ(refusal("{ mechanism = \"DoubleExp\", regions = [\"basal\", \"apical\"], rise = 0.2, decay = 8, "
                    "gmax = 0.001, e = -80 }",
                    "{ mechanism = \"leak\", regions = [\"basal\"] }"),
            line_of("inhibitory = {") + "leak is not a synapse: it has no NET_RECEIVE");
  EXPECT_EQ(
      refusal("receptors = \"nmda\"", "receptors = \"nmd\""),
      line_of("receptors = ") + "'receptors' is \"nmd\", expected one of: nmda, ampa; did you mean 'nmda'?");
}

TEST(Places, ADistanceRangeKeepsSynapsesOutOfTheTuft) {
  const std::string set = "excitatory.distance_um=[0, 683]";
  const auto all = read();
  const auto near = read({set});
  const auto& compartments = near.placements[*near.excitatory.placement].compartments;
  EXPECT_LT(compartments.size(), all.placements[*all.excitatory.placement].compartments.size());
  for (const int c : compartments) EXPECT_LE(near.geometry.compartments[c].path_um, 683);
  // Those that are out are all beyond.
  size_t within = 0;
  for (const int c : all.placements[*all.excitatory.placement].compartments)
    within += all.geometry.compartments[c].path_um <= 683;
  EXPECT_EQ(compartments.size(), within);
  EXPECT_EQ(near.placements[*near.inhibitory.placement].compartments,
            all.placements[*all.inhibitory.placement].compartments);
}

TEST_F(Wrong, PlacesAndSizesMustExist) {
  EXPECT_EQ(refusal("rise = 0.2, decay = 8", "distance_um = [5000, 6000], rise = 0.2, decay = 8"),
            line_of("inhibitory = {") + "no compartment is in these regions at this distance");
  EXPECT_EQ(refusal("rise = 0.2, decay = 8", "distance_um = [600, 500], rise = 0.2, decay = 8"),
            line_of("inhibitory = {") +
                "'inhibitory.distance_um' is [600, 500], expected two numbers, the lower first, for example "
                "[0, 100]");
  EXPECT_EQ(refusal("distance_um = 683", "distance_um = 6830"),
            line_of("nexus = {") +
                "'nexus.distance_um' is 6830 um, but no apical dendrite is that far from the soma");
  EXPECT_EQ(refusal("compartment_spacing_um = 40", "compartment_spacing_um = 0"),
            line_of("compartment_spacing_um") + "'compartment_spacing_um' is 0, expected greater than 0");
  EXPECT_NE(refusal("compartment_spacing_um = 40", "compartment_spacing_um = 1e-9")
                .find("more than 2000000 compartments"),
            std::string::npos);
  EXPECT_NE(refusal("\"layer-5-tree\"", "\"gone.swc\"").find("gone.swc"), std::string::npos);
  EXPECT_NE(
      refusal("\"layer-5-tree\"", "\"l5pc.toml\"").find("unknown kind of morphology, expected .swc or .asc"),
      std::string::npos);
  EXPECT_EQ(
      refusal("uF_cm2 = 1 }", "uF_cm2 = -1 }"),
      line_of("uF_cm2 = 1 }") + "'capacitance[0].uF_cm2' is -1 in soma[0], expected from 1e-06 to 1000000");
}

std::vector<double> column(hid_t file, const char* path) {
  const hid_t set = H5Dopen2(file, path, H5P_DEFAULT), space = H5Dget_space(set);
  std::vector<double> values(H5Sget_simple_extent_npoints(space));
  H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  H5Sclose(space);
  H5Dclose(set);
  return values;
}

TEST(L5pc, OnThePublishedReconstructionHasNeuronsDensities) {
  const auto shared = above("../shared/reference/l5pc_nmda_seed3.h5");
  if (shared.empty()) GTEST_SKIP() << "the reconstruction and NEURON's tables are not at hand";
  const auto cell = read({}, {shared.parent_path().parent_path() / "morphologies/cell1.asc", ""});
  const hid_t file = H5Fopen(shared.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  for (const auto& [name, mechanism, parameter] : {std::tuple{"g_pas", "leak", "g"},
                                                   {"gIhbar_Ih", "Ih", "gbar"},
                                                   {"gNaTs2_tbar_NaTs2_t", "NaTs2_t", "gbar"},
                                                   {"gCa_LVAstbar_Ca_LVAst", "Ca_LVAst", "gbar"},
                                                   {"gSK_E2bar_SK_E2", "SK_E2", "gbar"}}) {
    const auto wanted = column(file, (std::string("/compartments/") + name).c_str()),
               got = everywhere(cell, mechanism, parameter);
    ASSERT_EQ(got.size(), wanted.size());
    // NEURON's script passes formulas through a text with ten decimals.
    for (size_t c = 0; c < got.size(); ++c)
      EXPECT_NEAR(got[c], wanted[c], 1e-6 * wanted[c] + 5.1e-11) << name << " " << c;
  }
  const auto capacitance = column(file, "/compartments/cm_uF_cm2");
  for (size_t c = 0; c < capacitance.size(); ++c)
    EXPECT_NEAR(cell.capacitance_uF_cm2[c], capacitance[c], 1e-12);
  H5Fclose(file);
}

}  // namespace
}  // namespace nt::cell
