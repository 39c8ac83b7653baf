#include <cmath>

#include "twin/detail/onnx_graph.hpp"
#include "twin/recurrent.hpp"

namespace nt::twin {
namespace {

/// The memory after history_ms of silence.
std::vector<float> memory_after_silence(const RecurrentSpec& spec, const ParameterLayout& layout,
                                        std::span<const float> numbers, int64_t channels) {
  std::vector<float> own(numbers.begin(), numbers.end());
  if (spec.history_ms == 0) return std::vector<float>(spec.memory_units, 0.0f);
  const Parallel alone;
  auto shorter = spec;
  --shorter.history_ms;  // and then one ms
  const auto network = shorter.network(layout, channels, float());
  network->plan(1, 1, false);
  network->drive(own.data(), {{}, 1, 1}, alone);
  const float* memory = network->above(own.data(), NormBy::running, alone);
  return {memory, memory + spec.memory_units};
}

/// [synapse][branch].
std::vector<float> table_of(const Wiring& wiring, const float* weight) {
  std::vector<float> table(wiring.channels() * wiring.branches, 0.0f);
  for (int64_t c = 0; c < wiring.channels(); ++c) {
    for (auto k = static_cast<size_t>(wiring.first[c]);
         k < static_cast<size_t>(wiring.first[static_cast<size_t>(c) + 1]); ++k)
      table[c * wiring.branches + wiring.branch[k]] += weight[k];
  }
  return table;
}

}  // namespace

std::string RecurrentSpec::add_to(OnnxGraph& graph, const ParameterLayout& layout,
                                  std::span<const float> numbers, int64_t channels) const {
  const int64_t units = memory_units, hidden = hidden_units(), branch_count = wiring.branches;
  const auto at = [&](const char* name) { return &numbers[layout.offset(std::string("recurrent.") + name)]; };
  const auto array = [&](const char* name, const std::vector<int64_t>& shape, double factor = 1) {
    int64_t count = 1;
    for (const int64_t length : shape) count *= length;
    std::vector<float> values(at(name), at(name) + count);
    for (float& x : values) x = static_cast<float>(factor * static_cast<double>(x));
    return graph.constant(values, shape);
  };
  std::vector<float> keep_of, gate_of;
  for (int64_t i = 0; i < units; ++i) {
    const MemoryUnit unit(static_cast<double>(at("log_time_constant")[i]));
    keep_of.push_back(static_cast<float>(unit.keep));
    gate_of.push_back(static_cast<float>(unit.gate * kWriteRange));
  }
  // All that one ms needs, outside its graph.
  const auto branch_weight = array("branch_weight", {branch_count, hidden});
  const auto memory_weight = array("memory_weight", {units, hidden});
  const auto hidden_bias = array("hidden_bias", {hidden});
  const auto delta_weight = array("delta_weight", {hidden, units}, kWriteSlope);
  const auto delta_bias = array("delta_bias", {units}, kWriteSlope);
  const auto keep = graph.constant(keep_of, {units}), gate = graph.constant(gate_of, {units});
  const auto keep_of_branches = branch_keep();
  const auto keep_sums =
      graph.constant(std::vector<float>(keep_of_branches.begin(), keep_of_branches.end()), {branch_count});

  const auto spikes =
      graph.add("Transpose", {OnnxGraph::spikes()}, {{"perm", std::vector<int64_t>{0, 2, 1}}});
  const auto table = graph.constant(table_of(wiring, at("synapse_weight")), {channels, branch_count});
  const auto arriving = graph.add("MatMul", {spikes, table});
  const auto sums_before = graph.state("branches", {branch_count}, std::vector<float>(branch_count, 0.0f));
  const auto memory_before =
      graph.state("memory", {units}, memory_after_silence(*this, layout, numbers, channels));
  const auto one_ms = [&](OnnxGraph& g, const std::vector<std::string>& states,
                          const std::vector<std::string>& inputs) -> OnnxGraph::Step {
    const auto sums = g.add("Add", {g.add("Mul", {states[0], keep_sums}), inputs[0]});
    const auto decayed = g.add("Mul", {states[1], keep});
    const auto of_branches = g.add("Add", {g.add("MatMul", {sums, branch_weight}), hidden_bias});
    const auto before = g.add("Add", {of_branches, g.add("MatMul", {decayed, memory_weight})});
    const auto after = activation == HiddenActivation::relu
                           ? g.add("Relu", {before})
                           : g.add("Mul", {before, g.add("Sigmoid", {before})});
    const auto write = g.add("Tanh", {g.add("Add", {g.add("MatMul", {after, delta_weight}), delta_bias})});
    const auto memory = g.add("Add", {decayed, g.add("Mul", {write, gate})});
    return {{sums, memory}, {memory}};
  };
  const auto all = graph.each_ms({sums_before, memory_before}, {arriving}, one_ms);
  graph.hand_on("branches", all.states[0]);
  graph.hand_on("memory", all.states[1]);
  return all.outputs[0];
}

}  // namespace nt::twin
