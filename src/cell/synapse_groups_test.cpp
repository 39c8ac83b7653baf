#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>

#include "cell/neuron.hpp"
#include "config/temporary_folder.hpp"

namespace nt::cell {
namespace {

namespace fs = std::filesystem;

/// A soma and a dendrite of 1000 um in 25 compartments of 40 um, with these groups.
DetailedCell read(const std::string& groups) {
  const auto folder = config::own_temporary_folder() / "synapse-groups";
  fs::create_directories(folder);
  std::ofstream(folder / "cell.swc") << "1 1 0 0 0 7.5 -1\n2 3 0 7.5 0 1 1\n3 3 0 1007.5 0 1 2\n";
  const auto settings = config::Settings::from_text(
      "kind = \"detailed\"\nmorphology = \"cell.swc\"\ncompartment_spacing_um = 80\ncapacitance = [ { "
      "regions = [\"all\"], uF_cm2 = 1 } ]\n"
      "synapses = [\n" +
          groups + "\n]\n",
      "cell.toml");
  auto cell = read_detailed_cell(settings, folder);
  settings.reject_unread();
  return cell;
}

std::string refusal(const std::string& groups) {
  try {
    read(groups);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

std::string group(const std::string& name, const std::string& kind, const std::string& more = "") {
  return fmt::format(
      "{{ name = \"{}\", kind = \"{}\", mechanism = \"DoubleExp\", regions = [\"basal\"]{} }},", name, kind,
      more.empty() ? "" : ", " + more);
}

std::vector<double> weights(const DetailedCell& cell) {
  std::vector<double> all;
  for (const auto& connection : cell.excitatory.connections) all.push_back(connection.weight);
  return all;
}

TEST(SynapseGroups, AreBlocksOfTheirKindInTheOrderOfTheDescription) {
  const auto cell = read(group("inhibition", "inhibitory") + group("a", "excitatory", "count = 30") +
                         group("b", "excitatory", "count = 7"));
  ASSERT_EQ(cell.groups.size(), 3u);
  EXPECT_EQ(cell.groups[0].name, "a");
  EXPECT_EQ(cell.groups[1].name, "b");
  EXPECT_EQ(cell.groups[1].first, 30);
  EXPECT_EQ(cell.groups[1].count, 7);
  EXPECT_EQ(cell.groups[2].name, "inhibition");
  EXPECT_EQ(cell.groups[2].first, 0);
  EXPECT_EQ(cell.groups[2].count, 25);
  EXPECT_EQ(excitatory_synapses(cell), 37);
  EXPECT_EQ(inhibitory_synapses(cell), 25);
  for (const auto& connection : cell.excitatory.connections)
    EXPECT_EQ(connection.instance,
              static_cast<size_t>(connection.synapse - (connection.synapse < 30 ? 0 : 30)));
}

TEST(SynapseGroups, ByNumberTheyLieEvenlyAlongTheDendriteSeveralOnACompartment) {
  const auto compartments = excitatory_compartments(read(group("a", "excitatory", "count = 75")));
  ASSERT_EQ(compartments.size(), 75u);
  for (size_t k = 0; k < compartments.size(); ++k)  // three on each of 25 of one length; the soma is 0
    EXPECT_EQ(compartments[k], compartments[0] + static_cast<int>(k / 3));
}

TEST(SynapseGroups, ByDensityTheyAreAsManyAsItsIntegral) {
  EXPECT_EQ(excitatory_synapses(read(group("a", "excitatory", "per_um = 0.1"))), 100);
  // 0.2 a um where it begins and none where it ends, and so half of that: most are near.
  const auto compartments =
      excitatory_compartments(read(group("a", "excitatory", "per_um = \"0.2*(1 - distance/1000)\"")));
  EXPECT_NEAR(static_cast<double>(compartments.size()), 100, 1);
  const auto near = std::ranges::count_if(compartments, [&](int c) { return c < compartments[0] + 12; });
  EXPECT_NEAR(static_cast<double>(near), 100 * (1 - 0.52 * 0.52), 2);
}

TEST(SynapseGroups, AtRandomTheyFollowTheLengthAndTheSeed) {
  const auto at = [](int seed) {
    return excitatory_compartments(
        read(group("a", "excitatory", fmt::format("count = 5000, placed = \"randomly\", seed = {}", seed))));
  };
  const auto compartments = at(1);
  EXPECT_EQ(compartments, at(1));
  EXPECT_NE(compartments, at(2));
  EXPECT_TRUE(std::ranges::is_sorted(compartments));
  for (int c = compartments.front(); c <= compartments.back(); ++c)  // 200 of each: five standard deviations
    EXPECT_NEAR(static_cast<double>(std::ranges::count(compartments, c)), 200, 5 * std::sqrt(200.0));
}

TEST(SynapseGroups, WeightsAreNumbersFormulasOrDrawn) {
  for (const double weight : weights(read(group("a", "excitatory", "weight = 0.3")))) EXPECT_EQ(weight, 0.3);
  const auto along = weights(read(group("a", "excitatory", "weight = \"distance/longest\"")));
  EXPECT_NEAR(along.front(), 20.0 / 1000, 1e-9);
  EXPECT_NEAR(along.back(), 980.0 / 1000, 1e-9);

  const auto drawn = weights(read(group(
      "a", "excitatory", "count = 20000, weight = { distribution = \"lognormal\", mean = 2, cv = 0.5 }")));
  const double n = static_cast<double>(drawn.size());
  const double mean = std::accumulate(drawn.begin(), drawn.end(), 0.0) / n;
  double squares = 0;
  for (const double w : drawn) squares += (w - mean) * (w - mean);
  EXPECT_NEAR(mean, 2, 5 / std::sqrt(n));  // five standard errors, the standard deviation being 1
  EXPECT_NEAR(std::sqrt(squares / n), 1, 0.05);
  EXPECT_GT(*std::ranges::min_element(drawn), 0);

  for (const double w : weights(read(group(
           "a", "excitatory", "count = 500, weight = { distribution = \"uniform\", low = 1, high = 3 }")))) {
    EXPECT_GE(w, 1);
    EXPECT_LE(w, 3);
  }
}

TEST(SynapseGroups, WhatIsDrawnDependsOnTheNameNotOnThePlaceInTheList) {
  const std::string drawn = "count = 50, weight = { distribution = \"normal\", mean = 1, cv = 0.2 }";
  const auto alone = weights(read(group("a", "excitatory", drawn)));
  const auto second = weights(read(group("b", "excitatory", drawn) + group("a", "excitatory", drawn)));
  EXPECT_EQ(alone, std::vector<double>(second.begin() + 50, second.end()));
  EXPECT_NE(alone, std::vector<double>(second.begin(), second.begin() + 50));
}

TEST(SynapseGroups, DelaysAreThoseOfTheDescription) {
  for (const auto& connection :
       read(group("a", "excitatory", "delay_ms = \"1 + distance/1000\"")).excitatory.connections)
    EXPECT_GT(connection.delay_ms, 1);
}

TEST(SynapseGroups, WhatIsWrongIsRefusedByKey) {
  const auto says = [](const std::string& words, const std::string& part) {
    return words.find(part) != std::string::npos ? "" : words;
  };
  EXPECT_EQ(says(refusal(group("a b", "excitatory")), "expected letters, digits"), "");
  EXPECT_EQ(says(refusal(group("exc", "excitatory")), "not exc or inh"), "");
  EXPECT_EQ(says(refusal(group("a", "excitatory") + group("a", "inhibitory")), "another group has already"),
            "");
  EXPECT_EQ(says(refusal(group("a", "modulatory")), "'synapses[0].kind'"), "");
  EXPECT_EQ(says(refusal(group("a", "excitatory", "count = 3, per_um = 1")), "leave one out"), "");
  EXPECT_EQ(says(refusal(group("a", "excitatory", "count = 0")), "'synapses[0].count'"), "");
  EXPECT_EQ(says(refusal(group("a", "excitatory", "per_um = 1000")), "synapses, expected from 1 to"), "");
  EXPECT_EQ(says(refusal(group("a", "excitatory", "placed = \"randomly\"")), "'synapses[0].placed'"), "");
  EXPECT_EQ(says(refusal(group("a", "excitatory", "weight = -1")), "'synapses[0].weight' is -1"), "");
  EXPECT_EQ(says(refusal(group("a", "excitatory", "weight = { distribution = \"cauchy\", mean = 1 }")),
                 "lognormal"),
            "");
  EXPECT_EQ(says(refusal(group("a", "excitatory", "delay_ms = -1")), "'synapses[0].delay_ms' is -1"), "");
  EXPECT_EQ(
      says(refusal("{ name = \"a\", kind = \"excitatory\", mechanism = \"leak\", regions = [\"basal\"] },"),
           "is not a synapse"),
      "");
}

TEST(SynapseGroups, StandInThePlaceOfTheKindsNotBesideThem) {
  const auto settings = config::Settings::from_text(
      "kind = \"detailed\"\nmorphology = \"layer-5-tree\"\n"
      "capacitance = [ { regions = [\"all\"], uF_cm2 = 1 } ]\n"
      "excitatory = { mechanism = \"DoubleExp\", regions = [\"basal\"] }\n"
      "synapses = [ { name = \"a\", kind = \"inhibitory\", mechanism = \"DoubleExp\", regions = [\"basal\"] "
      "} ]\n",
      "cell.toml");
  EXPECT_THROW(read_detailed_cell(settings, {}), InputError);
}

TEST(SynapseGroups, ANeuronWithoutNamesHasOneOfEachKind) {
  const auto blocks = synapse_blocks(IntegrateAndFire{});
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_EQ(blocks[0].name, "excitatory");
  EXPECT_EQ(blocks[0].count, 80);
  EXPECT_EQ(blocks[1].name, "inhibitory");
  EXPECT_EQ(blocks[1].count, 20);
  EXPECT_TRUE(named_groups(IntegrateAndFire{}).empty());
}

}  // namespace
}  // namespace nt::cell
