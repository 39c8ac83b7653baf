#pragma once
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "files/safetensors.hpp"

namespace nt::twin {

/// What a node is told beside its inputs, by name.
using OnnxAttributes = std::map<std::string, std::variant<int64_t, std::vector<int64_t>>>;

/// The graph of an ONNX model while it is built, node by node. Values have names, which these functions
/// return; they are floats unless said otherwise. There is one axis of trials or streams, the batch, in
/// front.
class OnnxGraph {
 public:
  /// Begins with the model's input, spikes(): [batch][synapse][ms].
  explicit OnnxGraph(int64_t synapses);
  OnnxGraph(OnnxGraph&&) noexcept;
  OnnxGraph& operator=(OnnxGraph&&) noexcept;
  ~OnnxGraph();

  static std::string spikes() { return "spikes"; }

  /// Returns what an operator of one output makes of its inputs.
  std::string add(const std::string& op, const std::vector<std::string>& inputs,
                  const OnnxAttributes& attributes = {});
  std::string constant(std::span<const float> values, const std::vector<int64_t>& shape);
  std::string number(float value);
  /// Of integers, [n], as operators take shapes and places.
  std::string integers(const std::vector<int64_t>& values);

  /// What the model keeps from one call to the next, [batch][shape]: its input state_in.NAME, for which
  /// `start`, [shape], stands in where a caller gives none. hand_on() is to follow.
  std::string state(const std::string& name, const std::vector<int64_t>& shape, std::span<const float> start);
  /// What becomes of it in this call: the output state_out.NAME, of the same shape.
  void hand_on(const std::string& name, const std::string& value);

  /// An output of the model, [batch][ms], or [batch][ms][last_axis].
  void output(const std::string& name, const std::string& value, int64_t last_axis = 0);

  /// States of one ms, and what one ms hands out; each [batch][..].
  struct Step {
    std::vector<std::string> states, outputs;
  };
  using OneMs =
      std::function<Step(OnnxGraph& graph, std::vector<std::string> states, std::vector<std::string> inputs)>;
  /// One ms after the other: `one_ms` adds to a graph of its own, which sees this one's values, what a ms
  /// makes of the states before it and of its part of `inputs`, [batch][ms][..]. Returns the last states, and
  /// the outputs of all ms, [batch][ms][..].
  Step each_ms(const std::vector<std::string>& states, const std::vector<std::string>& inputs,
               const OneMs& one_ms);

  /// The whole as an ONNX file, with these texts in it. RunError if it is larger than such files can be.
  std::string bytes(const files::TextsByName& texts) const;

 private:
  struct Parts;
  explicit OnnxGraph(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace nt::twin
