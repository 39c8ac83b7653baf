#include "twin/detail/onnx_layers.hpp"
#include "twin/detail/tree_network.hpp"
#include "twin/tree.hpp"

namespace nt::twin {
namespace {

/// Values of some features of a signal, [batch][feature][ms], by their places.
std::string some_of(OnnxGraph& graph, const std::string& signal, const std::vector<int64_t>& places) {
  return graph.add("Gather", {signal, graph.integers(places)}, {{"axis", int64_t{1}}});
}

std::string side_by_side(OnnxGraph& graph, const std::vector<std::string>& signals) {
  return signals.size() == 1 ? signals.front() : graph.add("Concat", signals, {{"axis", int64_t{1}}});
}

/// The synapses of each leaf, and their contacts with it.
struct Leaf {
  std::vector<int64_t> channels, contacts;
};
std::vector<Leaf> leaves_of(const Wiring& wiring) {
  std::vector<Leaf> leaves(wiring.branches);
  for (int64_t c = 0; c < wiring.channels(); ++c) {
    for (int64_t k = wiring.first[c]; k < wiring.first[static_cast<size_t>(c) + 1]; ++k) {
      auto& leaf = leaves[wiring.branch[k]];
      leaf.channels.push_back(c);
      leaf.contacts.push_back(k);
    }
  }
  return leaves;
}

}  // namespace

std::string TreeSpec::add_to(OnnxGraph& graph, const ParameterLayout& layout, std::span<const float> numbers,
                             int64_t channels) const {
  const auto silent = answers_to_silence(*this, layout, numbers, channels);
  auto x = OnnxGraph::spikes();  // [batch][feature][ms]
  for (size_t i = 0; i < layers.size(); ++i) {
    const int64_t taps = layers[i].taps, own = layers[i].features, width = layer_width(i);
    const auto name = fmt::format("tree.layer{}", i + 1);
    const auto array = [&](const char* what) { return &numbers[layout.offset(name + what)]; };
    const auto seen = with_past(graph, name, x, i == 0 ? channels : layer_width(i - 1), taps - 1,
                                i == 0 ? std::span<const float>() : silent[i - 1].values);
    const float* weight = array("_weight");
    std::vector<std::string> nodes;
    const auto add_node = [&](const std::vector<int64_t>& places, const std::string& filters) {
      const float* first_bias = array("_bias") + std::ssize(nodes) * own;
      const auto summand = graph.constant({first_bias, static_cast<size_t>(own)}, {own});
      nodes.push_back(graph.add("Conv", {some_of(graph, seen, places), filters, summand}));
    };
    if (i == 0) {
      const auto written_out = TreeNetwork<float>(*this, layout).filters(numbers.data());
      for (const auto& leaf : leaves_of(tree.leaves)) {
        FirstFilters of_leaf{std::ssize(leaf.channels), taps, own, {}, {}};
        for (const int64_t contact : leaf.contacts) {
          const auto* from = &written_out[contact * taps * own];
          of_leaf.weight.insert(of_leaf.weight.end(), from, from + taps * own);
        }
        add_node(leaf.channels, onnx_filters(graph, of_leaf));
      }
    } else {
      const auto& first = tree.first_child[i - 1];
      for (size_t n = 0; n + 1 < first.size(); ++n) {
        std::vector<int64_t> places;
        for (int64_t p = first[n] * layers[i - 1].features; p < first[n + 1] * layers[i - 1].features; ++p)
          places.push_back(p);
        add_node(places, onnx_filters(graph, weight, taps, std::ssize(places), own));
        weight += taps * std::ssize(places) * own;
      }
    }
    auto y = side_by_side(graph, nodes);
    if (leak == 0) {
      y = graph.add("Relu", {y});
    } else if (leak < 1) {
      y = graph.add("Max", {y, graph.add("Mul", {y, graph.number(static_cast<float>(leak))})});
    }
    if (batch_norm) {
      y = normalised(graph, y, array("_norm_scale"), array("_norm_shift"), array("_norm_mean"),
                     array("_norm_variance"), width);
    }
    x = y;
  }
  return graph.add("Transpose", {x}, {{"perm", std::vector<int64_t>{0, 2, 1}}});
}

}  // namespace nt::twin
