#include "twin/onnx_file.hpp"

#include <algorithm>

#include "twin/onnx_graph.hpp"

namespace neurontwin {
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
  const int64_t features = twin.network().features();
  const auto bias = twin.array(head.name + "_bias");
  std::vector<float> constant;
  for (const float b : bias) constant.push_back(b + static_cast<float>(head.offset));
  const auto weight =
      graph.constant(twin.array(head.name + "_weight"),
                     kind.single ? std::vector{features} : std::vector{features, head.outputs});
  const auto sum = graph.add(
      "Add", {graph.add("MatMul", {x, weight}),
              graph.constant(constant, kind.single ? std::vector<int64_t>{} : std::vector{head.outputs})});
  graph.output(output_name(head), activated(graph, sum, kind.activation), kind.single ? 0 : head.outputs);
}

TextsByName texts_for(const TwinDescription& description) {
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

}  // namespace neurontwin
