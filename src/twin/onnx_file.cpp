#include "twin/onnx_file.hpp"

#include <algorithm>

#include "twin/detail/onnx_graph.hpp"

namespace nt::twin {
namespace {

/// As in the file that `neurontwin predict` writes.
std::string output_name(const Head& head) {
  if (head.name == "spike") return "spike_probability";
  if (head.name == "soma") return "soma_mV";
  return head.name;
}

std::string activated(OnnxGraph& graph, const std::string& x, HeadActivation activation) {
  switch (activation) {
    case HeadActivation::identity:
      return x;
    case HeadActivation::logistic:
      return graph.add("Sigmoid", {x});
    case HeadActivation::exponential:
      return graph.add("Exp", {x});
  }
  fail_run("a head has an activation that no ONNX operator is known for");
}

void add_head(OnnxGraph& graph, const Twin& twin, const Head& head, const std::string& x) {
  const auto& kind = head_kind(head.name);
  std::vector<float> constant;
  for (const float bias : twin.array(head.name + "_bias"))
    constant.push_back(bias + static_cast<float>(head.offset));
  // Of a single output too a matrix, and then its axis taken away: onnxruntime 1.32 reads beyond a vector
  // where it joins this product with a transposition.
  const auto weight =
      graph.constant(twin.array(head.name + "_weight"), {twin.network().features(), head.outputs});
  auto y = graph.add("Add", {graph.add("MatMul", {x, weight}), graph.constant(constant, {head.outputs})});
  if (kind.single) y = graph.add("Squeeze", {y, graph.integers({2})});
  graph.output(output_name(head), activated(graph, y, kind.activation), kind.single ? 0 : head.outputs);
}

files::TextsByName texts_for(const TwinDescription& description) {
  auto texts = texts_of(description);
  texts.erase("format");  // that of the other file
  texts["kind"] = std::string(description.spec.network->kind());
  texts["excitatory_synapses"] = std::to_string(description.excitatory_synapses);
  texts["inhibitory_synapses"] = std::to_string(description.inhibitory_synapses);
  return texts;
}

}  // namespace

std::string onnx_bytes(const Twin& twin, TwinDescription description) {
  description.spec = twin.spec();
  OnnxGraph graph(twin.channels());
  const auto x = twin.network().add_to(graph, twin.layout(), twin.numbers, twin.channels());
  for (const auto& head : twin.spec().heads) add_head(graph, twin, head, x);
  return graph.bytes(texts_for(description));
}

}  // namespace nt::twin
