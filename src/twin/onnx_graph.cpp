#include "twin/detail/onnx_graph.hpp"

#include <onnx/onnx_pb.h>

#include <bit>

#include "config/error.hpp"

namespace nt::twin {
namespace {

// Of 2021: what reads ONNX today reads these.
constexpr int64_t kOperators = 13;
constexpr int64_t kFileVersion = 7;
constexpr size_t kMostBytes = (size_t{1} << 31) - 1;  // of one protobuf message

using Axis = std::variant<int64_t, std::string>;  // its length, or the name of one that is open

void describe(onnx::ValueInfoProto& value, const std::string& name, const std::vector<Axis>& axes) {
  value.set_name(name);
  auto& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  for (const auto& axis : axes) {
    auto& dimension = *type.mutable_shape()->add_dim();
    if (const auto* length = std::get_if<int64_t>(&axis)) {
      dimension.set_dim_value(*length);
    } else {
      dimension.set_dim_param(std::get<std::string>(axis));
    }
  }
}

template <class T>
void fill(onnx::TensorProto& tensor, const std::string& name, onnx::TensorProto::DataType type,
          std::span<const T> values, const std::vector<int64_t>& shape) {
  static_assert(std::endian::native == std::endian::little, "raw_data is little endian");
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (const int64_t length : shape) tensor.add_dims(length);
  tensor.set_raw_data(values.data(), values.size_bytes());
}

}  // namespace

struct OnnxGraph::Parts {
  onnx::GraphProto graph;
  std::shared_ptr<int64_t> values = std::make_shared<int64_t>(0);  // named so far, in graphs within it too
  std::map<std::string, std::vector<int64_t>> states;              // shapes

  std::string new_name(const std::string& what) { return fmt::format("{}_{}", what, ++*values); }

  onnx::NodeProto& add_node(const std::string& op, const std::vector<std::string>& inputs) {
    auto& node = *graph.add_node();
    node.set_name(new_name(op));
    node.set_op_type(op);
    for (const auto& input : inputs) node.add_input(input);
    return node;
  }

  /// The same value under a name that the model's users know.
  void rename(const std::string& value, const std::string& name) {
    add_node("Identity", {value}).add_output(name);
  }
};

OnnxGraph::OnnxGraph(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
OnnxGraph::OnnxGraph(OnnxGraph&&) noexcept = default;
OnnxGraph& OnnxGraph::operator=(OnnxGraph&&) noexcept = default;
OnnxGraph::~OnnxGraph() = default;

OnnxGraph::OnnxGraph(int64_t synapses) : parts_(std::make_unique<Parts>()) {
  parts_->graph.set_name("twin");
  describe(*parts_->graph.add_input(), spikes(), {"batch", synapses, "ms"});
}

std::string OnnxGraph::add(const std::string& op, const std::vector<std::string>& inputs,
                           const OnnxAttributes& attributes) {
  auto& node = parts_->add_node(op, inputs);
  for (const auto& [name, value] : attributes) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(name);
    if (const auto* one = std::get_if<int64_t>(&value)) {
      attribute.set_type(onnx::AttributeProto::INT);
      attribute.set_i(*one);
    } else {
      attribute.set_type(onnx::AttributeProto::INTS);
      for (const int64_t number : std::get<std::vector<int64_t>>(value)) attribute.add_ints(number);
    }
  }
  node.add_output(node.name());
  return node.name();
}

std::string OnnxGraph::constant(std::span<const float> values, const std::vector<int64_t>& shape) {
  const auto name = parts_->new_name("constant");
  fill(*parts_->graph.add_initializer(), name, onnx::TensorProto::FLOAT, values, shape);
  return name;
}

std::string OnnxGraph::number(float value) {
  return constant({&value, 1}, {});
}

std::string OnnxGraph::integers(const std::vector<int64_t>& values) {
  const auto name = parts_->new_name("integers");
  fill<int64_t>(*parts_->graph.add_initializer(), name, onnx::TensorProto::INT64, values,
                {static_cast<int64_t>(values.size())});
  return name;
}

std::string OnnxGraph::state(const std::string& name, const std::vector<int64_t>& shape,
                             std::span<const float> start) {
  const auto input = "state_in." + name;
  auto one = shape;
  one.insert(one.begin(), 1);
  // A batch of one is enough: it is spread over the batch of spikes.
  std::vector<Axis> axes(one.begin(), one.end());
  axes.front() = "batch_of_state";
  describe(*parts_->graph.add_input(), input, axes);
  fill(*parts_->graph.add_initializer(), input, onnx::TensorProto::FLOAT, start, one);
  parts_->states[name] = shape;
  const auto batch = add("Slice", {add("Shape", {spikes()}), integers({0}), integers({1}), integers({0})});
  return add("Expand", {input, add("Concat", {batch, integers(shape)}, {{"axis", int64_t{0}}})});
}

void OnnxGraph::hand_on(const std::string& name, const std::string& value) {
  std::vector<Axis> axes{"batch"};
  for (const int64_t length : parts_->states.at(name)) axes.emplace_back(length);
  describe(*parts_->graph.add_output(), "state_out." + name, axes);
  parts_->rename(value, "state_out." + name);
}

void OnnxGraph::output(const std::string& name, const std::string& value, int64_t last_axis) {
  std::vector<Axis> axes{"batch", "ms"};
  if (last_axis > 0) axes.emplace_back(last_axis);
  describe(*parts_->graph.add_output(), name, axes);
  parts_->rename(value, name);
}

OnnxGraph::Step OnnxGraph::each_ms(const std::vector<std::string>& states,
                                   const std::vector<std::string>& inputs, const OneMs& one_ms) {
  auto parts = std::make_unique<Parts>();
  parts->values = parts_->values;
  parts->graph.set_name(parts->new_name("one_ms"));
  OnnxGraph body(std::move(parts));
  auto& graph = body.parts_->graph;
  const auto take = [&](size_t count, const char* what) {
    std::vector<std::string> names;
    for (size_t i = 0; i < count; ++i)
      describe(*graph.add_input(), names.emplace_back(body.parts_->new_name(what)), {});
    return names;
  };
  auto states_before = take(states.size(), "state");
  auto inputs_now = take(inputs.size(), "input");
  const auto made = one_ms(body, std::move(states_before), std::move(inputs_now));

  auto all = states;
  all.insert(all.end(), inputs.begin(), inputs.end());
  auto& node = parts_->add_node("Scan", all);
  Step result;
  const auto hand_out = [&](const std::vector<std::string>& values, const char* what) {
    std::vector<std::string> names;
    for (const auto& value : values) {
      // A value may be handed out twice, under two names.
      const auto inner = body.parts_->new_name(what);
      body.parts_->rename(value, inner);
      describe(*graph.add_output(), inner, {});
      node.add_output(names.emplace_back(parts_->new_name(what)));
    }
    return names;
  };
  result.states = hand_out(made.states, "last_state");
  result.outputs = hand_out(made.outputs, "of_all_ms");

  const auto attribute = [&](const char* name, onnx::AttributeProto::AttributeType type) {
    auto* added = node.add_attribute();
    added->set_name(name);
    added->set_type(type);
    return added;
  };
  attribute("num_scan_inputs", onnx::AttributeProto::INT)->set_i(static_cast<int64_t>(inputs.size()));
  auto* input_axes = attribute("scan_input_axes", onnx::AttributeProto::INTS);
  for (size_t i = 0; i < inputs.size(); ++i) input_axes->add_ints(1);  // of the ms
  auto* output_axes = attribute("scan_output_axes", onnx::AttributeProto::INTS);
  for (size_t i = 0; i < made.outputs.size(); ++i) output_axes->add_ints(1);
  attribute("body", onnx::AttributeProto::GRAPH)->mutable_g()->Swap(&graph);
  return result;
}

std::string OnnxGraph::bytes(const files::TextsByName& texts) const {
  onnx::ModelProto model;
  model.set_ir_version(kFileVersion);
  model.add_opset_import()->set_version(kOperators);
  model.set_producer_name("neurontwin");
  model.set_producer_version(NEURONTWIN_VERSION);
  for (const auto& [key, text] : texts) {
    auto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(text);
  }
  *model.mutable_graph() = parts_->graph;
  if (model.ByteSizeLong() > kMostBytes) {
    fail_run("the twin makes an ONNX file of {} MB, and no such file can be larger than {} MB",
             model.ByteSizeLong() / 1000000, kMostBytes / 1000000);
  }
  return model.SerializeAsString();
}

}  // namespace nt::twin
