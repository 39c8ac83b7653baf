#include "twin/onnx_file.hpp"

#include <gtest/gtest.h>
#include <onnx/checker.h>
#include <onnx/shape_inference/implementation.h>

#include <cstring>
#include <set>

#include "twin/tree.hpp"

namespace nt::twin {
namespace {

constexpr int64_t kExcitatory = 5, kInhibitory = 4, kSynapses = kExcitatory + kInhibitory;

TwinSpec with_further_heads(TwinSpec spec) {
  for (const auto& kind : head_kinds()) {
    if (spec.head(kind.name) == nullptr) spec.heads.push_back(further_head(kind.name, 2));
  }
  return spec;
}

/// Free and few temporal shapes, dilation, residual connections, layers of one tap.
std::vector<TwinSpec> convolutional_twins() {
  std::vector<TwinSpec> all;
  for (const int64_t shapes : {0, 3}) {
    ConvolutionalSpec spec({{7, 6}, {4, 6, 2}, {1, 3}, {3, 3, 5}});
    spec.residual = spec.batch_norm = true;
    spec.temporal_shapes = shapes;
    spec.bias = 0.25;
    all.push_back(with_further_heads(TwinSpec(spec)));
  }
  ConvolutionalSpec linear({{5, 2}});
  linear.activation = Activation::linear;
  all.emplace_back(linear);
  all.emplace_back(ConvolutionalSpec({{1, 2}}));
  return all;
}

std::vector<TwinSpec> recurrent_twins() {
  std::vector<TwinSpec> all;
  for (const int64_t history_ms : {0, 1, 20}) {
    RecurrentSpec spec;
    spec.memory_units = 6;
    spec.history_ms = history_ms;
    spec.excitatory_channels = kExcitatory;
    spec.activation = history_ms > 0 ? HiddenActivation::silu : HiddenActivation::relu;
    spec.wiring = {3, {0, 1, 3, 4, 6, 7, 9, 10, 11, 12}, {0, 0, 1, 1, 1, 2, 2, 1, 2, 0, 2, 1}, {5, 40, 8}};
    all.push_back(with_further_heads(TwinSpec(spec)));
  }
  return all;
}

/// Synapses that feed two leaves, nodes with one child, layers of one tap; and two binary trees.
std::vector<TwinSpec> tree_twins() {
  const MergeTree tree{{3, {0, 1, 3, 4, 5, 6, 7, 8, 9, 10}, {0, 0, 1, 1, 2, 2, 2, 1, 1, 0}},
                       {{0, 2, 3}, {0, 2}}};
  TreeSpec spec({{7, 3}, {1, 2}, {3, 4}}, tree);
  spec.batch_norm = true;
  spec.temporal_shapes = 3;
  dataset::CellTable cell;
  cell.parent = {-1};
  cell.excitatory_compartment.assign(kExcitatory, 0);
  cell.inhibitory_compartment.assign(kInhibitory, 0);
  return {with_further_heads(TwinSpec(spec)), TwinSpec(k_tree(cell, 2, 4))};
}

onnx::ModelProto model_of(const Twin& twin) {
  TwinDescription description;
  description.excitatory_synapses = kExcitatory;
  description.inhibitory_synapses = kInhibitory;
  description.thresholds = {{"spike.threshold", 0.25}};
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(onnx_bytes(twin, description)));
  return model;
}

/// Where the weights were drawn, and nowhere 0.
Twin away_from_its_start(const TwinSpec& spec) {
  Twin twin(spec, kSynapses, 3);
  for (size_t i = 0; i < twin.numbers.size(); ++i) twin.numbers[i] += 0.01f * static_cast<float>(1 + i % 7);
  return twin;
}

std::vector<float> start_of(const onnx::ModelProto& model, const std::string& state) {
  for (const auto& tensor : model.graph().initializer()) {
    if (tensor.name() != "state_in." + state) continue;
    std::vector<float> values(tensor.raw_data().size() / sizeof(float));
    std::memcpy(values.data(), tensor.raw_data().data(), tensor.raw_data().size());
    return values;
  }
  ADD_FAILURE() << "no state " << state;
  return {};
}

std::set<std::string> names_of(const auto& values) {
  std::set<std::string> names;
  for (const auto& value : values) names.insert(value.name());
  return names;
}

TEST(AnOnnxFile, OfEveryKindOfTwinIsOneToTheJudgesOfTheFormat) {
  auto all = convolutional_twins();
  for (auto& spec : recurrent_twins()) all.push_back(std::move(spec));
  for (auto& spec : tree_twins()) all.push_back(std::move(spec));
  for (const auto& spec : all) {
    SCOPED_TRACE(spec.network->words());
    auto model = model_of(Twin(spec, kSynapses, 3));
    EXPECT_NO_THROW(onnx::checker::check_model(model));
    const onnx::ShapeInferenceOptions strictly(true, 1, true);
    EXPECT_NO_THROW(onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(), strictly));
  }
}

TEST(AnOnnxFile, TakesSpikesAndHandsOnItsState) {
  const auto convolutional = model_of(Twin(convolutional_twins().front(), kSynapses, 3));
  using Names = std::set<std::string>;
  EXPECT_EQ(names_of(convolutional.graph().input()),
            (Names{"spikes", "state_in.layer1", "state_in.layer2", "state_in.layer4"}));
  EXPECT_EQ(names_of(convolutional.graph().output()),
            (Names{"spike_probability", "soma_mV", "dendrites", "near_spike", "count", "targets",
                   "state_out.layer1", "state_out.layer2", "state_out.layer4"}));
  const auto recurrent = model_of(Twin(recurrent_twins().front(), kSynapses, 3));
  EXPECT_EQ(names_of(recurrent.graph().input()), (Names{"spikes", "state_in.branches", "state_in.memory"}));
}

TEST(AnOnnxFile, OfARecurrentTwinStartsWithTheMemoryOfItsHistory) {
  for (const auto& spec : recurrent_twins()) {
    auto twin = away_from_its_start(spec);
    const auto start = start_of(model_of(twin), "memory");
    // What the twin would answer in the last ms of the history.
    auto shorter = *spec.as<RecurrentSpec>();
    if (--shorter.history_ms < 0) {
      EXPECT_EQ(start, std::vector<float>(6, 0.0f));
      continue;
    }
    TwinSpec before(shorter);
    before.heads = spec.heads;
    Twin other(before, kSynapses, 3);
    other.numbers = twin.numbers;
    other.forward(SpikeWindows{{}, 1, 1});
    EXPECT_EQ(start, other.hidden().front().values);
    EXPECT_NE(start, std::vector<float>(6, 0.0f));
  }
}

TEST(AnOnnxFile, OfAConvolutionalTwinStartsWithWhatItsLayersMakeOfSilence) {
  auto twin = away_from_its_start(convolutional_twins().front());
  const auto model = model_of(twin);
  EXPECT_EQ(start_of(model, "layer1"), std::vector<float>(kSynapses * 6, 0.0f));
  twin.forward(SpikeWindows{{}, 1, 1});
  const auto silent = twin.hidden().front().values;  // of layer 1, which layer 2 sees
  const auto start = start_of(model, "layer2");
  ASSERT_EQ(start.size(), 6u * 6);
  for (size_t f = 0; f < 6; ++f) {
    EXPECT_GT(silent[f], 0.0f);
    for (size_t ms = 0; ms < 6; ++ms) EXPECT_EQ(start[f * 6 + ms], silent[f]);
  }
}

TEST(AnOnnxFile, SaysWhatItIs) {
  const auto model = model_of(Twin(recurrent_twins().front(), kSynapses, 3));
  std::map<std::string, std::string> texts;
  for (const auto& entry : model.metadata_props()) texts[entry.key()] = entry.value();
  EXPECT_EQ(texts.at("kind"), "recurrent");
  EXPECT_EQ(texts.at("excitatory_synapses"), "5");
  EXPECT_EQ(texts.at("inhibitory_synapses"), "4");
  EXPECT_EQ(nlohmann::json::parse(texts.at("specification")).at("memory_units"), 6);
  EXPECT_EQ(nlohmann::json::parse(texts.at("thresholds")).at("spike.threshold"), 0.25);
}

}  // namespace
}  // namespace nt::twin
