#include "twin/tree.hpp"

#include <algorithm>
#include <cmath>

#include "twin/detail/tree_network.hpp"
#include "twin/temporal_basis.hpp"

namespace nt::twin {
namespace {

constexpr int64_t kMostBranches = 100000, kMostTrees = 1000;
constexpr double kKTreeLeak = 0.01;

void read_rest(const config::Settings& settings, double leak, TreeSpec& spec) {
  const int64_t first_taps = spec.layers.front().taps;
  if (spec.window_ms() > kMostWindow_ms) {
    fail_input("{}: '{}' makes layers that look back {} ms, expected at most {} ms", settings.where("taps"),
               settings.full_key("taps"), spec.window_ms(), kMostWindow_ms);
  }
  spec.leak = settings.number("leak", leak, {0, 1});
  spec.batch_norm = settings.flag("batch_norm", spec.batch_norm);
  spec.temporal_shapes =
      settings.integer("temporal_shapes", 0, {0, static_cast<double>(most_shapes(first_taps))});
  spec.weight_sd = settings.number("weight_sd", spec.weight_sd, config::kNotNegative);
  spec.bias = settings.number("bias", spec.bias);
}

std::vector<int64_t> read_taps(const config::Settings& settings) {
  auto taps = settings.integers("taps", {}, {1, 10000});
  if (taps.empty()) {
    fail_input("{}: '{}' is empty, expected the number of taps of each layer, for example [150, 5, 5, 5]",
               settings.where("taps"), settings.full_key("taps"));
  }
  if (taps.size() > kMostLayers) {
    fail_input("{}: '{}' has {} numbers, expected at most {}, one for each layer", settings.where("taps"),
               settings.full_key("taps"), taps.size(), kMostLayers);
  }
  return taps;
}

NetworkSpecPointer tree_from_settings(const config::Settings& settings, const dataset::CellTable& cell) {
  const auto made = std::make_shared<TreeSpec>();
  auto& spec = *made;
  const auto taps = read_taps(settings);
  auto width = settings.integers("node_width", std::vector<int64_t>{8}, {1, 10000});
  if (width.size() == 1) width.resize(taps.size(), width.front());
  if (width.size() != taps.size()) {
    fail_input("{}: '{}' has {} numbers, expected one for all layers or {}, one for each of 'taps'",
               settings.where("node_width"), settings.full_key("node_width"), width.size(), taps.size());
  }
  for (size_t i = 0; i < taps.size(); ++i) spec.layers.push_back({taps[i], width[i]});
  spec.tree = merge_tree(cell, settings.integer("branches", 45, {1, kMostBranches}), std::ssize(taps));
  read_rest(settings, 0, spec);
  return made;
}

NetworkSpecPointer k_tree_from_settings(const config::Settings& settings, const dataset::CellTable& cell) {
  const int64_t first_taps = read_taps(settings).front();
  const auto made =
      std::make_shared<TreeSpec>(k_tree(cell, settings.integer("trees", 1, {1, kMostTrees}), first_taps));
  read_rest(settings, kKTreeLeak, *made);
  return made;
}

/// The text that holds the tree.
constexpr const char* kText = "merge_tree";

std::string key_of(size_t layer) {
  return fmt::format("layer{}_first_child", layer + 1);
}

MergeTree read_tree(const files::JsonObject& json, int64_t channels, size_t layers) {
  MergeTree tree;
  auto& leaves = tree.leaves;
  leaves.branches = json.integer("branches", 1, kMostBranches * kMostTrees);
  leaves.branch = json.integers("branch", 0, leaves.branches - 1);
  leaves.first = json.integers("first", 0, leaves.contacts());
  if (leaves.branches > std::max<int64_t>(1, leaves.contacts())) {
    fail_input("{}: is {}, but there are {} contacts, expected at most as many branches",
               json.where("branches"), leaves.branches, leaves.contacts());
  }
  if (leaves.channels() != channels || leaves.first.front() != 0 ||
      leaves.first.back() != leaves.contacts() || !std::ranges::is_sorted(leaves.first)) {
    fail_input("{}: does not divide {} contacts among {} synapses", json.where("first"), leaves.contacts(),
               channels);
  }
  for (size_t l = 1; l < layers; ++l) {
    const auto key = key_of(l);
    const int64_t below = tree.nodes(l - 1);
    auto first = json.integers(key.c_str(), 0, below);
    const bool rises = std::ranges::adjacent_find(first, std::greater_equal<>()) == first.end();
    if (first.size() < 2 || first.front() != 0 || first.back() != below || !rises)
      fail_input("{}: does not divide {} nodes of the layer before among those of this one", json.where(key),
                 below);
    tree.first_child.push_back(std::move(first));
  }
  return tree;
}

NetworkSpecPointer read_file(const SpecificationFile& file, bool binary) {
  const auto made = std::make_shared<TreeSpec>();
  auto& spec = *made;
  const auto& json = file.specification;
  for (const auto& layer : json.objects("layers"))
    spec.layers.push_back({layer.integer("taps", 1, 10000), layer.integer("node_width", 1, 10000)});
  if (spec.layers.empty() || spec.layers.size() > kMostLayers)
    fail_input("{}: has {} layers, expected 1 to {}", json.where("layers"), spec.layers.size(), kMostLayers);
  spec.binary = binary;
  spec.trees = binary ? json.integer("trees", 1, kMostTrees) : 1;
  spec.leak = json.number("leak", {0, 1});
  spec.batch_norm = json.flag("batch_norm");
  spec.temporal_shapes = json.integer("temporal_shapes", 0, most_shapes(spec.layers.front().taps));
  const auto text = file.text(kText);
  const files::JsonObject tree(text, json.where(kText));
  spec.tree = read_tree(tree, file.excitatory_synapses + file.inhibitory_synapses, spec.layers.size());
  return made;
}

NetworkSpecPointer tree_from_file(const SpecificationFile& file) {
  return read_file(file, false);
}
NetworkSpecPointer k_tree_from_file(const SpecificationFile& file) {
  return read_file(file, true);
}

std::string name_of(size_t layer) {
  return fmt::format("tree.layer{}", layer + 1);
}

}  // namespace

NetworkKind tree_kind() {
  return {"tree",
          tree_from_settings,
          tree_from_file,
          {"taps", "node_width", "branches", "leak", "batch_norm", "temporal_shapes", "weight_sd", "bias"}};
}

NetworkKind k_tree_kind() {
  return {"k-tree",
          k_tree_from_settings,
          k_tree_from_file,
          {"taps", "trees", "leak", "batch_norm", "temporal_shapes", "weight_sd", "bias"}};
}

TreeSpec k_tree(const dataset::CellTable& cell, int64_t trees, int64_t first_taps) {
  TreeSpec spec;
  spec.binary = true;
  spec.trees = trees;
  spec.leak = kKTreeLeak;
  spec.tree = binary_tree(cell, trees);
  spec.layers.assign(spec.tree.layers(), {1, 1});
  spec.layers.front().taps = first_taps;
  return spec;
}

int64_t TreeSpec::weights(size_t layer) const {
  const auto& [taps, channels, dilation] = layers[layer];
  if (layer == 0) return tree.leaves.contacts() * (temporal_shapes > 0 ? temporal_shapes : taps) * channels;
  return taps * layer_width(layer - 1) * channels;
}

std::string TreeSpec::words() const {
  if (binary) {
    return fmt::format("{} binary tree{} of {} layers, {} ms of input", trees, trees > 1 ? "s" : "", depth(),
                       window_ms());
  }
  std::vector<std::string> parts;
  for (size_t i = 0; i < layers.size(); ++i)
    parts.push_back(fmt::format("{} x {}", tree.nodes(i), layers[i].features));
  return fmt::format("a tree of {} layers, {} nodes x channels, {} ms of input", depth(),
                     fmt::join(parts, ", "), window_ms());
}

int64_t TreeSpec::window_ms() const {
  int64_t window = 1;
  for (const auto& layer : layers) window += layer.reach_ms();
  return window;
}

int64_t TreeSpec::width() const {
  int64_t widest = 0;
  for (size_t i = 0; i < layers.size(); ++i) widest = std::max(widest, layer_width(i));
  return widest;
}

int64_t TreeSpec::units() const {
  int64_t units = 0;
  for (size_t i = 0; i < layers.size(); ++i) units += layer_width(i);
  return units;
}

int64_t TreeSpec::multiply_adds(int64_t) const {
  // As in ConvolutionalSpec: with shapes, synapses are summed first and each sum is filtered once.
  int64_t sum = temporal_shapes > 0 ? layers.front().taps * temporal_shapes * layer_width(0) : 0;
  for (size_t i = 0; i < layers.size(); ++i) sum += weights(i);
  return sum;
}

void TreeSpec::require_channels(int64_t channels) const {
  if (tree.leaves.channels() != channels) {
    fail_run("the twin's branches are wired to {} synapses, but there are {}", tree.leaves.channels(),
             channels);
  }
}

std::vector<std::string> TreeSpec::layer_names() const {
  std::vector<std::string> names;
  for (size_t i = 1; i <= layers.size(); ++i) names.push_back(fmt::format("layer {}", i));
  return names;
}

std::vector<ParameterArray> TreeSpec::arrays(int64_t) const {
  std::vector<ParameterArray> all;
  for (size_t i = 0; i < layers.size(); ++i) {
    const int64_t channels = layers[i].features, width = layer_width(i);
    const auto name = name_of(i);
    all.push_back({.array = {name + "_weight", {weights(i) / channels, channels}}, .regularised = true});
    all.push_back({.array = {name + "_bias", {width}}});
    if (!batch_norm) continue;
    all.push_back({.array = {name + "_norm_scale", {width}}});
    all.push_back({.array = {name + "_norm_shift", {width}}});
    all.push_back({.array = {name + "_norm_mean", {width}}, .trained = false});
    all.push_back({.array = {name + "_norm_variance", {width}}, .trained = false});
  }
  return all;
}

void TreeSpec::draw(const ParameterLayout& layout, std::span<float> numbers, uint64_t seed,
                    uint32_t& stream) const {
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto array = [&](const char* what, int64_t count) {
      return numbers.subspan(layout.offset(name_of(i) + what), count);
    };
    const auto weight = array("_weight", weights(i));
    draw_weights(
        weight, i == 0 ? weight_sd : 1,
        random::Random(seed, random::Stage::twin_weights, 0, {random::StreamName::weights, stream++}));
    if (i > 0) {
      size_t at = 0;
      const auto& first = tree.first_child[i - 1];
      for (size_t n = 0; n + 1 < first.size(); ++n) {
        const int64_t inputs = layers[i].taps * (first[n + 1] - first[n]) * layers[i - 1].features;
        const auto sd = static_cast<float>(std::sqrt(2.0 / static_cast<double>(inputs)));
        for (int64_t k = 0; k < inputs * layers[i].features; ++k) weight[at++] *= sd;
      }
    }
    std::ranges::fill(array("_bias", layer_width(i)), static_cast<float>(bias));
    if (!batch_norm) continue;
    for (const auto& [what, value] : {std::pair{"_norm_scale", 1.0f},
                                      {"_norm_shift", 0.0f},
                                      {"_norm_mean", 0.0f},
                                      {"_norm_variance", 1.0f}})
      std::ranges::fill(array(what, layer_width(i)), value);
  }
}

std::unique_ptr<Network<float>> TreeSpec::network(const ParameterLayout& layout, int64_t, float) const {
  return std::make_unique<TreeNetwork<float>>(*this, layout);
}
std::unique_ptr<Network<double>> TreeSpec::network(const ParameterLayout& layout, int64_t, double) const {
  return std::make_unique<TreeNetwork<double>>(*this, layout);
}

nlohmann::ordered_json TreeSpec::to_json() const {
  auto list = nlohmann::ordered_json::array();
  for (const auto& l : layers) list.push_back({{"taps", l.taps}, {"node_width", l.features}});
  nlohmann::ordered_json json{
      {"layers", list}, {"leak", leak}, {"batch_norm", batch_norm}, {"temporal_shapes", temporal_shapes}};
  if (binary) json["trees"] = trees;
  return json;
}

files::TextsByName TreeSpec::texts() const {
  nlohmann::ordered_json json{
      {"branches", tree.leaves.branches}, {"first", tree.leaves.first}, {"branch", tree.leaves.branch}};
  for (size_t l = 1; l < layers.size(); ++l) json[key_of(l)] = tree.first_child[l - 1];
  return {{kText, json.dump()}};
}

}  // namespace nt::twin
