#include "twin/twin_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "twin/temporal_basis.hpp"
#include "twin/tree.hpp"

namespace nt::twin {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

TwinDescription convolutional() {
  TwinDescription d;
  ConvolutionalSpec network({{7, 4}, {3, 4, 2}});
  network.residual = network.batch_norm = true;
  network.temporal_shapes = 3;
  d.spec = TwinSpec(network);
  d.spec.heads.push_back(further_head("dendrites", 2));
  d.spec.heads.push_back(further_head("near_spike"));
  d.excitatory_synapses = 3;
  d.inhibitory_synapses = 1;
  d.cell = {{"soma[0]", "dend[0]"}, {"soma", "basal"}, {0.5, 0.25}, {12, 40.1}, {12, 0.7},
            {452.4, 88.2},          {0, 26.05},        {1, 1, 0},   {0}};
  d.thresholds = {{"spike.threshold", 0.25}};
  d.scores = {{"spike.auc", 0.99}, {"spike.auc_ci95", {0.98, 1.0}}};
  d.provenance = {{"title", "a \"twin\""}, {"seed", 7}};
  return d;
}

TwinDescription recurrent() {
  auto d = convolutional();
  RecurrentSpec r;
  r.memory_units = 2;
  r.history_ms = 20;
  r.excitatory_channels = 3;
  r.wiring = {2, {0, 1, 3, 4, 4}, {0, 0, 1, 1}};
  r.branches = 2;
  const auto heads = d.spec.heads;
  d.spec = TwinSpec(r);
  d.spec.heads = heads;
  return d;
}

TwinDescription tree() {
  auto d = convolutional();
  TreeSpec t({{7, 4}, {3, 2}, {2, 5}}, {{3, {0, 1, 2, 3, 4}, {0, 1, 2, 2}}, {{0, 2, 3}, {0, 2}}});
  t.leak = 0.125;
  t.temporal_shapes = 3;
  const auto heads = d.spec.heads;
  d.spec = TwinSpec(t);
  d.spec.heads = heads;
  return d;
}

Head& soma_head(TwinSpec& spec) {
  return *std::ranges::find(spec.heads, "soma", &Head::name);
}

std::string refusal(const files::TextsByName& texts) {
  try {
    read_description(texts, "t");
    return "accepted";
  } catch (const InputError& error) {
    return error.what();
  }
}

/// The refusal of a description in which one value of a text is another, given as a JSON pointer.
std::string with(const TwinDescription& d, const std::string& text, const std::string& pointer,
                 const Json& value) {
  auto texts = texts_of(d);
  auto json = Json::parse(texts.at(text));
  json[Json::json_pointer(pointer)] = value;
  texts[text] = json.dump();
  return refusal(texts);
}

TEST(TwinDescription, ComesBackAsItWas) {
  for (const auto& d : {convolutional(), recurrent(), tree()}) {
    const auto texts = texts_of(d);
    const auto read = read_description(texts, "t");
    EXPECT_EQ(texts_of(read), texts);
    EXPECT_EQ(read.spec.network->words(), d.spec.network->words());
    EXPECT_EQ(read.spec.network->window_ms(), d.spec.network->window_ms());
    EXPECT_EQ(read.cell.path_um, d.cell.path_um);
    EXPECT_EQ(read.cell.excitatory_compartment, d.cell.excitatory_compartment);
    EXPECT_EQ(read.thresholds, d.thresholds);
  }
}

TEST(TwinDescription, WithoutATextOrOfAnotherFormatIsRefused) {
  for (const auto& [name, text] : texts_of(recurrent())) {
    auto texts = texts_of(recurrent());
    texts.erase(name);
    EXPECT_EQ(refusal(texts),
              fmt::format("t: has no '{}'; it is a safetensors file, but not a twin of neurontwin", name));
    texts[name] = "[";
    EXPECT_NE(refusal(texts), "accepted") << name;
    texts[name] = "[1, 2]";
    EXPECT_NE(refusal(texts), "accepted") << name;
  }
  auto texts = texts_of(convolutional());
  texts["format"] = "neurontwin twin 3";
  EXPECT_EQ(refusal(texts), "t: is 'neurontwin twin 3', expected 'neurontwin twin 2'");
}

TEST(TwinDescription, OfATreeThatIsNoneIsRefused) {
  const auto merges = [](const char* pointer, const Json& value) {
    return with(tree(), "merge_tree", pointer, value);
  };
  const std::string no_division = "does not divide 3 nodes of the layer before among those of this one";
  EXPECT_EQ(merges("/layer2_first_child", {0, 2}),
            "t: specification: 'merge_tree': 'layer2_first_child': " + no_division);
  EXPECT_EQ(merges("/layer2_first_child", {0, 3, 3}),
            "t: specification: 'merge_tree': 'layer2_first_child': " + no_division);
  EXPECT_EQ(merges("/layer2_first_child", {0, 4}),
            "t: specification: 'merge_tree': 'layer2_first_child[1]': is 4, expected 0 to 3");
  EXPECT_EQ(merges("/branches", 5),
            "t: specification: 'merge_tree': 'branches': is 5, but there are 4 contacts, expected at most as "
            "many branches");
  EXPECT_EQ(merges("/first", {0, 1, 2, 4}),
            "t: specification: 'merge_tree': 'first': does not divide 4 contacts among 4 synapses");
}

TEST(TwinDescription, OutOfRangeIsRefusedByItsPlace) {
  const auto c = convolutional();
  const auto specification = [&](const char* pointer, const Json& value) {
    return with(c, "specification", pointer, value);
  };
  EXPECT_EQ(specification("/layers/0/taps", 0),
            "t: specification.layers[0]: 'taps': is 0, expected 1 to 10000");
  EXPECT_EQ(specification("/layers/1/features", -4),
            "t: specification.layers[1]: 'features': is -4, expected 1 to 100000");
  EXPECT_EQ(specification("/layers/0/dilation", 2),
            "t: specification.layers[0]: 'dilation': is 2, expected 1 to 1");
  EXPECT_EQ(specification("/layers", Json::array()),
            "t: specification: 'layers': has 0 layers, expected 1 to 1000");
  EXPECT_EQ(specification("/window_ms", 0), "t: specification: 'window_ms': is 0, expected 1 to 1000000");
  EXPECT_EQ(specification("/window_ms", 12),
            "t: specification: 'window_ms': is 12, but the network makes 11");
  EXPECT_EQ(specification("/excitatory_synapses", 100001),
            "t: specification: 'excitatory_synapses': is 100001, expected 0 to 100000");
  EXPECT_EQ(specification("/activation", "tanh"),
            "t: specification: 'activation': is \"tanh\", expected \"linear\" or \"relu\"");
  EXPECT_EQ(specification("/temporal_shapes", 7),
            fmt::format("t: specification: 'temporal_shapes': is 7, expected 0 to {}", most_shapes(7)));
  EXPECT_EQ(
      specification("/kind", "dense"),
      "t: specification: 'kind': is \"dense\", expected one of: convolutional, recurrent, tree, k-tree");
  EXPECT_EQ(specification("/heads/1/offset", nullptr),
            "t: specification.heads[1]: 'offset': is null, expected a number");
  EXPECT_EQ(specification("/heads/2/outputs", 1e9),
            "t: specification.heads[2]: 'outputs': is 1000000000.0, expected a whole number");
  EXPECT_EQ(specification("/heads/0/name", "soma"),
            "t: specification.heads[1]: 'name': is \"soma\" for the second time");

  const auto synapses = [&](const char* pointer, const Json& value) {
    return with(c, "synapses", pointer, value);
  };
  EXPECT_EQ(synapses("/excitatory_compartment/1", 2),
            "t: synapses: 'excitatory_compartment[1]': is 2, expected 0 to 1");
  EXPECT_EQ(synapses("/inhibitory_compartment", {0, 1}),
            "t: synapses: 'inhibitory_compartment': has 2 numbers, expected one for each of 1 synapses");
  EXPECT_EQ(synapses("/compartments/x/0", 1.5),
            "t: synapses.compartments: 'x[0]': is 1.5, expected a finite number from 0 to 1");
  EXPECT_EQ(synapses("/compartments/region", {"soma"}),
            "t: synapses.compartments: 'region': has 1 words, 'section' 2");
  EXPECT_EQ(with(c, "thresholds", "/spike.threshold", 1.5),
            "t: thresholds: 'spike.threshold': is 1.5, expected a finite number from 0 to 1");

  const auto r = recurrent();
  EXPECT_NE(with(r, "wiring", "/tau_ms/1", 0).find("'tau_ms[1]': is 0, expected a finite"),
            std::string::npos);
  EXPECT_NE(with(r, "specification", "/longest_memory_ms", 0.5).find("'longest_memory_ms': is 0.5"),
            std::string::npos);
  EXPECT_EQ(with(r, "wiring", "/branch/3", 2),
            "t: specification: 'wiring': 'branch[3]': is 2, expected 0 to 1");
  EXPECT_EQ(with(r, "wiring", "/branches", 0),
            "t: specification: 'wiring': 'branches': is 0, expected 1 to 100000");
  for (const Json& first :
       {Json{0, 1, 3, 4}, Json{1, 1, 3, 4, 4}, Json{0, 3, 1, 4, 4}, Json{0, 1, 3, 3, 3}}) {
    EXPECT_EQ(with(r, "wiring", "/first", first),
              "t: specification: 'wiring': 'first': does not divide 4 contacts among 4 synapses");
  }
  EXPECT_EQ(with(r, "wiring", "/first", Json::array()),
            "t: specification: 'wiring': 'first': does not divide 4 contacts among 4 synapses");
}

class ATwinFile : public testing::Test {
 protected:
  ATwinFile() : file_(fs::path(testing::TempDir()) / fmt::format("twin-{}.safetensors", ::getpid())) {}
  ~ATwinFile() override { fs::remove(file_); }

  void write(const std::string& bytes) const { std::ofstream(file_, std::ios::binary) << bytes; }
  /// With every number of every array 1, but for one array.
  static std::string bytes_of(const files::TextsByName& texts, std::vector<files::NamedShape> arrays,
                              const std::string& other = "", float value = 1) {
    std::vector<std::vector<float>> values;
    std::vector<files::NamedFloats> all;
    for (const auto& array : arrays) {
      size_t count = 1;
      for (const auto extent : array.shape) count *= static_cast<size_t>(extent);
      values.emplace_back(count, array.name == other ? value : 1.0f);
    }
    for (size_t i = 0; i < arrays.size(); ++i) all.push_back({arrays[i], values[i]});
    return files::safetensors_bytes(all, texts);
  }
  std::string refusal_of(const std::string& bytes) const {
    write(bytes);
    try {
      TwinFile(file_).read();
      return "accepted";
    } catch (const InputError& error) {
      return std::string(error.what()).substr(file_.string().size() + 2);
    }
  }

  fs::path file_;
};

TEST_F(ATwinFile, WhoseArraysAreNotThoseOfItsSpecificationIsRefused) {
  for (const auto& d : {convolutional(), recurrent(), tree()}) {
    const auto arrays = arrays_of(d.spec, d.channels());
    EXPECT_EQ(refusal_of(bytes_of(texts_of(d), arrays)), "accepted");
    for (size_t i = 0; i < arrays.size(); ++i) {
      auto without = arrays, longer = arrays;
      without.erase(without.begin() + static_cast<int64_t>(i));
      EXPECT_EQ(refusal_of(bytes_of(texts_of(d), without)), fmt::format("has no array '{}'", arrays[i].name));
      longer[i].shape.push_back(2);
      EXPECT_NE(
          refusal_of(bytes_of(texts_of(d), longer)).find(fmt::format("'{}' has the shape", arrays[i].name)),
          std::string::npos);
    }
    auto more = arrays;
    more.push_back({"more", {1}});
    EXPECT_EQ(refusal_of(bytes_of(texts_of(d), more)), "has an array 'more' that does not belong to a twin");
  }
}

TEST_F(ATwinFile, WithNumbersThatAreNotFiniteIsRefused) {
  const auto d = convolutional();
  const auto arrays = arrays_of(d.spec, d.channels());
  for (const auto& array : arrays) {
    for (const float value : {NAN, INFINITY, -INFINITY}) {
      const auto message = refusal_of(bytes_of(texts_of(d), arrays, array.name, value));
      EXPECT_TRUE(message.starts_with(fmt::format("the array '{}' holds {}", array.name, value))) << message;
    }
  }
  EXPECT_EQ(refusal_of(bytes_of(texts_of(d), arrays, "layer2_norm_variance", -1)),
            "the array 'layer2_norm_variance' holds -1, expected finite numbers of 0 or more");
  const std::vector<float> wrong{NAN};
  EXPECT_THROW(twin_file_bytes(d, std::vector<files::NamedFloats>{{{"soma_bias", {}}, wrong}}), RunError);
}

TEST_F(ATwinFile, IsKnownByItsNetworkWhateverItsScores) {
  auto d = convolutional();
  const auto arrays = arrays_of(d.spec, d.channels());
  const auto identity = [&](const TwinDescription& description, float bias) {
    write(bytes_of(texts_of(description), arrays, "soma_bias", bias));
    return TwinFile(file_).identity();
  };
  const auto first = identity(d, 1);
  auto other = d;
  other.scores = {{"spike.auc", 0.5}};
  other.thresholds = {{"spike.threshold", 0.75}};
  other.provenance = {{"title", "another"}};
  EXPECT_EQ(identity(other, 1), first);
  EXPECT_NE(identity(d, 2), first);
  other = d;
  soma_head(other.spec).offset = -60;
  EXPECT_NE(identity(other, 1), first);
  other = d;
  other.cell.excitatory_compartment = {0, 1, 0};
  EXPECT_NE(identity(other, 1), first);
}

TEST_F(ATwinFile, OfAnotherNetworkThanTheExperimentsIsRefusedByWhatDiffers) {
  const auto refused = [&](const TwinDescription& stored, const TwinDescription& expected) -> std::string {
    write(bytes_of(texts_of(stored), arrays_of(stored.spec, stored.channels())));
    try {
      TwinFile(file_).require_network_of(expected);
      return "accepted";
    } catch (const InputError& error) {
      return std::string(error.what()).substr(file_.string().size() + 2);
    }
  };
  const auto c = convolutional(), r = recurrent();
  const auto heads_of = [](const TwinDescription& d) {
    return Json::parse(texts_of(d).at("specification")).at("heads").dump();
  };
  auto other = c;
  other.provenance = {{"title", "another"}};
  EXPECT_EQ(refused(c, other), "accepted");
  soma_head(other.spec).offset = -60;
  EXPECT_EQ(refused(c, other), "is another network than this experiment's: heads is " + heads_of(c) +
                                   ", expected " + heads_of(other));
  EXPECT_EQ(refused(c, r),
            "is another network than this experiment's: kind is \"convolutional\", expected \"recurrent\"");
  other = c;
  other.cell.excitatory_compartment = {0, 1, 0};
  EXPECT_EQ(refused(c, other),
            "is another network than this experiment's: its synapses' places are other ones");
  auto unknown = c;
  unknown.cell = {};
  EXPECT_EQ(refused(unknown, c), "accepted");  // converted from version 0.1, which did not keep them
  other = r;
  auto rewired = *r.spec.as<RecurrentSpec>();
  rewired.wiring.branch = {0, 1, 0, 1};
  other.spec.network = std::make_shared<const RecurrentSpec>(rewired);
  EXPECT_EQ(
      refused(r, other),
      "is another network than this experiment's: its connections from synapses to branches are other ones");
}

TEST_F(ATwinFile, OfTorchScriptIsNotLoadedAndItIsSaidWhatToDo) {
  const auto message = refusal_of("PK\3\4 and so on");
  EXPECT_NE(message.find("is a TorchScript file"), std::string::npos) << message;
  EXPECT_NE(message.find("runs the code in it"), std::string::npos) << message;
  EXPECT_NE(message.find("python/convert_twin.py --trust"), std::string::npos) << message;
}

}  // namespace
}  // namespace nt::twin
