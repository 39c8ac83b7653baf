#include <cmath>
#include <limits>

#include "twin/after_convolution.hpp"
#include "twin/convolutional.hpp"
#include "twin/onnx_graph.hpp"

namespace neurontwin {
namespace {

/// ONNX has [feature][input][tap], the last tap being the present, as deeper layers have it.
class OnnxFilters {
 public:
  OnnxFilters(int64_t features, int64_t inputs, int64_t taps)
      : values_(static_cast<size_t>(features * inputs * taps)), inputs_(inputs), taps_(taps) {}

  float& at(int64_t feature, int64_t input, int64_t tap) {
    return values_[static_cast<size_t>((feature * inputs_ + input) * taps_ + tap)];
  }
  const std::vector<float>& values() const { return values_; }

 private:
  std::vector<float> values_;
  int64_t inputs_, taps_;
};

/// What each layer hands on, ms by ms, after a silence.
std::vector<HiddenSignal<float>> answers_to_silence(const NetworkSpec& spec, const ParameterLayout& layout,
                                                    std::span<const float> numbers, int64_t channels) {
  std::vector<float> own(numbers.begin(), numbers.end());
  const Parallel alone;
  const auto network = spec.network(layout, channels, float());
  network->plan(1, 1, false);
  network->drive(own.data(), {{}, 1, 1}, alone);
  network->above(own.data(), NormBy::running, alone);
  return network->hidden();
}

std::string filters_of(OnnxGraph& graph, const FirstFilters& from) {
  OnnxFilters to(from.features, from.channels, from.taps);
  auto weight = from.weight.begin();
  for (int64_t c = 0; c < from.channels; ++c) {
    for (int64_t k = 0; k < from.taps; ++k) {
      for (int64_t f = 0; f < from.features; ++f)
        to.at(f, c, from.taps - 1 - k) = static_cast<float>(*weight++);
    }
  }
  return graph.constant(to.values(), {from.features, from.channels, from.taps});
}

std::string filters_of(OnnxGraph& graph, const float* weight, int64_t taps, int64_t inputs,
                       int64_t features) {
  OnnxFilters to(features, inputs, taps);
  for (int64_t k = 0; k < taps; ++k) {
    for (int64_t c = 0; c < inputs; ++c) {
      for (int64_t f = 0; f < features; ++f) to.at(f, c, k) = *weight++;
    }
  }
  return graph.constant(to.values(), {features, inputs, taps});
}

/// Normalised with the running averages: one factor and one summand for each feature.
std::string normalised(OnnxGraph& graph, const std::string& y, const float* scale, const float* shift,
                       const float* mean, const float* variance, int64_t features) {
  std::vector<float> factor, summand;
  for (int64_t f = 0; f < features; ++f) {
    const double by =
        static_cast<double>(scale[f]) / std::sqrt(static_cast<double>(variance[f]) + kNormEpsilon);
    factor.push_back(static_cast<float>(by));
    summand.push_back(static_cast<float>(static_cast<double>(shift[f]) - static_cast<double>(mean[f]) * by));
  }
  const auto product = graph.add("Mul", {y, graph.constant(factor, {features, 1})});
  return graph.add("Add", {product, graph.constant(summand, {features, 1})});
}

}  // namespace

std::string ConvolutionalSpec::add_to(OnnxGraph& graph, const ParameterLayout& layout,
                                      std::span<const float> numbers, int64_t channels) const {
  const auto silent = answers_to_silence(*this, layout, numbers, channels);
  auto x = OnnxGraph::spikes();  // [batch][feature][ms]
  int64_t inputs = channels;
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto& [taps, features, dilation] = layers[i];
    const auto name = fmt::format("layer{}", i + 1);
    const auto array = [&](const char* what) {
      return &numbers[static_cast<size_t>(layout.offset(name + what))];
    };
    auto seen = x;
    if (const int64_t reach = layers[i].reach_ms(); reach > 0) {
      std::vector<float> start;
      for (int64_t f = 0; f < inputs; ++f)
        start.insert(start.end(), static_cast<size_t>(reach),
                     i == 0 ? 0 : silent[i - 1].values[static_cast<size_t>(f)]);
      const auto past = graph.state(name, {inputs, reach}, start);
      seen = graph.add("Concat", {past, x}, {{"axis", int64_t{2}}});
      constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
      graph.hand_on(name, graph.add("Slice", {seen, graph.integers({-reach}), graph.integers({kEnd}),
                                              graph.integers({2})}));
    }
    const auto weight = i == 0 ? filters_of(graph, *filters(layout, numbers, channels))
                               : filters_of(graph, array("_weight"), taps, inputs, features);
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

}  // namespace neurontwin
