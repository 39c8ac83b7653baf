#include "twin/convolutional.hpp"
#include "twin/detail/onnx_layers.hpp"

namespace nt::twin {

std::string ConvolutionalSpec::add_to(OnnxGraph& graph, const ParameterLayout& layout,
                                      std::span<const float> numbers, int64_t channels) const {
  const auto silent = answers_to_silence(*this, layout, numbers, channels);
  auto x = OnnxGraph::spikes();  // [batch][feature][ms]
  int64_t inputs = channels;
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto& [taps, features, dilation] = layers[i];
    const auto name = fmt::format("layer{}", i + 1);
    const auto array = [&](const char* what) { return &numbers[layout.offset(name + what)]; };
    const auto seen = with_past(graph, name, x, inputs, layers[i].reach_ms(),
                                i == 0 ? std::span<const float>() : silent[i - 1].values);
    const auto weight = i == 0 ? onnx_filters(graph, *filters(layout, numbers, channels))
                               : onnx_filters(graph, array("_weight"), taps, inputs, features);
    const auto summand = graph.constant({array("_bias"), static_cast<size_t>(features)}, {features});
    auto y = graph.add("Conv", {seen, weight, summand}, {{"dilations", std::vector{dilation}}});
    if (activation == Activation::relu) y = graph.add("Relu", {y});
    if (batch_norm) {
      y = normalised(graph, y, array("_norm_scale"), array("_norm_shift"), array("_norm_mean"),
                     array("_norm_variance"), features);
    }
    if (adds_input(i)) y = graph.add("Add", {y, x});
    x = y;
    inputs = features;
  }
  return graph.add("Transpose", {x}, {{"perm", std::vector<int64_t>{0, 2, 1}}});
}

}  // namespace nt::twin
