#include "run/detail/interpretation_json.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "run/detail/response_json.hpp"

namespace nt::run {
namespace {

const interpret::SynapseSet kTuftExcitation{morphology::Part::tuft, true, {0, 1}, ""};

TEST(ShapeJson, HasTheReasonInThePlaceOfANumber) {
  interpret::NotedShape slow{{.peak = 1.234567, .width_ms = 149, .decay_tau_ms = 419, .decay_r2 = 1}, {}};
  slow.notes.decay = "longer than 75 ms, half of the 150 ms it is read from";
  EXPECT_EQ(shape_json(slow).dump(),
            R"({"peak":1.2346,"peak_lag_ms":0.0,"width_ms":149.0,"decay_tau_ms":null,)"
            R"("decay_note":"longer than 75 ms, half of the 150 ms it is read from","decay_r2":1.0})");
}

TEST(ResponseJson, LeavesOutTheIntervalsOfWhatIsNoNumber) {
  interpret::MeanShape noise{{0.5, -0.5}};
  noise.noted.notes = {"noise", "noise", "noise"};
  noise.peak = {0.5, -1, 1};
  noise.width_ms = {1, 0, 2};
  const auto json = response_json({{{kTuftExcitation, noise, noise}}, {}, {}});
  const auto& set = json["sets"][0];
  EXPECT_EQ(set["part"], "tuft");
  EXPECT_EQ(set["kind"], "excitatory");
  EXPECT_EQ(set["synapses"], 2);
  EXPECT_FALSE(set.contains("group"));
  EXPECT_EQ(set["soma_mV"]["peak_ci95"].dump(), "[-1.0,1.0]");
  EXPECT_EQ(set["soma_mV"]["width_ms_ci95"].dump(), "[null,null]");
}

TEST(AttributionJson, OfASplitWithoutOutputSpikesSaysThatAlone) {
  EXPECT_EQ(attribution_json({}).dump(), R"({"spikes":0})");
}

TEST(AddedSpikesJson, WithoutOneThatWasKeptSaysHowManyWereNot) {
  interpret::AddedSpikeSummary added;
  added.left_out = 7;
  EXPECT_EQ(added_spikes_json(added).dump(), R"({"spikes":0,"left_out":7})");
  added.each = {{3, {}, {}}};
  added.all = {1, {NAN, NAN, NAN}, {NAN, NAN, NAN}, "1 added spike"};
  const auto json = added_spikes_json(added);
  EXPECT_TRUE(json["correlation"].is_null());
  EXPECT_EQ(json["note"], "1 added spike");
  EXPECT_EQ(json["each"][0]["neuron"]["peak_mV"], 0);
  EXPECT_FALSE(json["each"][0]["neuron"].contains("peak"));
}

TEST(InterpretationJson, OfATwinWithoutFiltersHasNoUnitsAndNothingThatWasNotAsked) {
  interpret::Interpretation found;
  found.first_layer.memory_tau_ms = {1, 10, 100};
  found.places = {{false, morphology::Part::soma, 0, 0}};
  EXPECT_EQ(interpretation_json(found).dump(),
            R"({"lag_ms":[],"units":[],"memory_tau_ms":[1.0,10.0,100.0],)"
            R"("places":{"part":["soma"],"section":[0],"path_um":[0.0],"excitatory":[false]}})");
}

TEST(InterpretationJson, HasNoTimeConstantWhereANoteSpeaksAgainstIt) {
  interpret::KindOfFilters kind{{2, 1}, {0, 0}, {2, 3, 0.5}, {3, 2, 4}, "no exponential", {{2.0009, 1}}};
  interpret::Interpretation found;
  found.first_layer.taps = 2;
  found.first_layer.units = {{2.0, {}, kind}};
  EXPECT_EQ(interpretation_json(found)["units"].dump(),
            R"([{"unit":0,"readout":2.0,"inhibitory":{"mean":[2.0,1.0],"sd":[0.0,0.0],"amplitude":null,)"
            R"("tau_ms":null,"tau_ci95":[null,null],"r2":0.5,"tau_note":"no exponential"},)"
            R"("filters":{"inhibitory":[[2.0,1.0]]}}])");
  found.first_layer.units[0].inhibitory->tau_note.clear();
  EXPECT_EQ(interpretation_json(found)["units"][0]["inhibitory"]["tau_ci95"].dump(), "[2.0,4.0]");
}

TEST(InterpretationJson, CallsATemplateOfNoPartMixed) {
  interpret::FilterTemplate one;
  one.by_part = {{morphology::Part::basal, 0.3}, {morphology::Part::tuft, 0.29}};
  one.part_difference = {0.01, -0.1, 0.1};
  one.part_note = "basal 0.3 against tuft 0.29";
  interpret::Interpretation found;
  found.templates = {0.1, 4, {{morphology::Part::basal, 3, 12.5}}, {one}};
  const auto json = interpretation_json(found)["templates"];
  EXPECT_EQ(json["branches"].dump(), R"([{"part":"basal","section":3,"path_um":12.5}])");
  EXPECT_EQ(json["templates"][0]["part"], "mixed");
  EXPECT_EQ(json["templates"][0]["by_part"].dump(), R"({"basal":0.3,"tuft":0.29})");
  EXPECT_EQ(json["templates"][0]["part_difference_ci95"].dump(), "[-0.1,0.1]");
}

TEST(InterpretationJson, HasNullForAQuantityThatDoesNotVaryAndABranchWithoutScores) {
  interpret::Interpretation found;
  found.probes = interpret::LayerProbes{4, 2, 500, {0, 1}, {"layer 1"}};
  found.probes->quantities = {{{"soma", "v", "mV", {0}}, {{}}, {statistics::Estimate{0.123456, 0, 1}}}};
  found.dendritic_spikes = interpret::DendriticSpikes{{}};
  found.dendritic_spikes->branches = {
      {{"dend[3]", "basal", 7, 50}, 0.5, 0.1, "", statistics::Estimate{0.9, 0.8, 1}}};
  const auto json = interpretation_json(found);
  EXPECT_EQ(json["probes"]["quantities"][0]["trained"].dump(), "[null]");
  EXPECT_EQ(json["probes"]["quantities"][0]["untrained"].dump(), "[[0.12346,0.0,1.0]]");
  EXPECT_EQ(json["dendritic_spikes"]["branches"][0]["auc"].dump(), "[0.9,0.8,1.0]");
  EXPECT_TRUE(json["dendritic_spikes"]["branches"][0]["soma_auc"].is_null());
  found.dendritic_spikes->skipped = "a point neuron has no dendrites";
  EXPECT_FALSE(interpretation_json(found)["dendritic_spikes"].contains("branches"));
}

}  // namespace
}  // namespace nt::run
