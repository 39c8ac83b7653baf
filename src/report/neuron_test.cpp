#include "report/neuron.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "config/error.hpp"

namespace nt::report {
namespace {

using Json = nlohmann::ordered_json;

/// A soma and a dendrite of three compartments, each with an excitatory synapse.
cell::DetailedCell small_cell() {
  morphology::Morphology tree;
  tree.sections.push_back(
      {"soma[0]", morphology::Region::soma, -1, 0, {{0, -5, 0, 10}, {0, 5, 0, 10}}, 0, 0});
  tree.sections.push_back({"dend[0]", morphology::Region::basal, 0, 1, {{0, 5, 0, 2}, {0, 65, 0, 1}}, 0, 0});
  cell::DetailedCell cell;
  cell.geometry = morphology::cut(
      tree, [](const morphology::Section& s) { return s.region == morphology::Region::soma ? 1 : 3; }, 100);
  cell.placements.push_back({nullptr, {1, 2, 3}, {}});
  cell.excitatory = {"AMPA", 0};
  return cell;
}

TEST(NeuronJson, SaysWhereCompartmentsAndSynapsesAre) {
  const auto json = neuron_json(small_cell(), {}, nullptr);
  EXPECT_EQ(json["compartments"]["region"].dump(), R"(["soma","basal","basal","basal"])");
  EXPECT_EQ(json["synapses"]["excitatory_compartment"].dump(), "[1,2,3]");
  EXPECT_EQ(json["synapses"]["inhibitory_compartment"].dump(), "[]");
  EXPECT_EQ(json["lines"]["points"].dump(), "[2,2,2,2]");
  EXPECT_EQ(json["lines"]["y_um"].dump(), "[-5.0,5.0,5.0,25.0,25.0,45.0,45.0,65.0]");
  EXPECT_EQ(json["quantities"].size(), 1u);
  EXPECT_EQ(json["quantities"][0]["values"].dump(), R"(["soma","basal","basal","basal"])");
}

TEST(NeuronJson, TakesWhatTheInterpretationListsAndRefusesListsOfAnotherLength) {
  const std::vector<NeuronQuantity> weights{{"weight", "1", NeuronQuantity::Per::synapse, {1, NAN, 3}}};
  const auto interpretation = Json::parse(
      R"({"per_synapse": [{"name": "delay", "unit": "ms", "values": [1, 2, null]}], "per_compartment": [{"name": "cluster", "values": [0, 1, 1, 0]}]})");
  const auto quantities = neuron_json(small_cell(), weights, interpretation)["quantities"];
  ASSERT_EQ(quantities.size(), 4u);
  EXPECT_EQ(quantities[1]["values"].dump(), "[1.0,null,3.0]");
  EXPECT_EQ(quantities[2]["per"], "synapse");
  EXPECT_EQ(quantities[2]["unit"], "ms");
  EXPECT_EQ(quantities[3]["per"], "compartment");
  EXPECT_THROW(
      neuron_json(small_cell(), {}, Json::parse(R"({"per_synapse": [{"name": "x", "values": [1]}]})")),
      InputError);
}

TEST(NeuronJson, MapsResponsesAndTemplates) {
  const auto interpretation = Json::parse(R"({
    "response": {"synapses": {"soma_mV": {"peak": [0.1, 0.2, -0.3], "peak_lag_ms": [1, 2, 3]}}},
    "templates": {"branches": [{"section": 1}], "templates": [{"by_branch": [0.5]}]}})");
  const auto quantities = neuron_json(small_cell(), {}, interpretation)["quantities"];
  ASSERT_EQ(quantities.size(), 4u);
  EXPECT_EQ(quantities[1]["values"].dump(), "[0.1,0.2,-0.3]");
  EXPECT_EQ(quantities[2]["unit"], "ms");
  EXPECT_EQ(quantities[3]["name"], "loading of template 1");
  EXPECT_EQ(quantities[3]["values"].dump(), "[null,0.5,0.5,0.5]");
  // Of a neuron with one branch every synapse is a branch: no section has a loading of its own.
  auto single = interpretation;
  single["templates"]["branches"] = Json::parse(R"([{"section": 1}, {"section": 1}])");
  EXPECT_EQ(neuron_json(small_cell(), {}, single)["quantities"].size(), 3u);
}

}  // namespace
}  // namespace nt::report
