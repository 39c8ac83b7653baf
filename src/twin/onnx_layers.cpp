#include "twin/detail/onnx_layers.hpp"

#include <cmath>
#include <limits>

#include "twin/after_convolution.hpp"

namespace nt::twin {
namespace {

/// ONNX has [feature][input][tap], the last tap being the present, as deeper layers have it.
class OnnxFilters {
 public:
  OnnxFilters(int64_t features, int64_t inputs, int64_t taps)
      : values_(static_cast<size_t>(features * inputs * taps)), inputs_(inputs), taps_(taps) {}

  float& at(int64_t feature, int64_t input, int64_t tap) {
    return values_[(feature * inputs_ + input) * taps_ + tap];
  }
  const std::vector<float>& values() const { return values_; }

 private:
  std::vector<float> values_;
  int64_t inputs_, taps_;
};

}  // namespace

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

std::string with_past(OnnxGraph& graph, const std::string& name, const std::string& signal, int64_t features,
                      int64_t reach_ms, std::span<const float> silent) {
  if (reach_ms == 0) return signal;
  std::vector<float> start;
  for (int64_t f = 0; f < features; ++f)
    start.insert(start.end(), static_cast<size_t>(reach_ms), silent.empty() ? 0 : silent[f]);
  const auto past = graph.state(name, {features, reach_ms}, start);
  const auto seen = graph.add("Concat", {past, signal}, {{"axis", int64_t{2}}});
  constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
  graph.hand_on(name, graph.add("Slice", {seen, graph.integers({-reach_ms}), graph.integers({kEnd}),
                                          graph.integers({2})}));
  return seen;
}

std::string onnx_filters(OnnxGraph& graph, const FirstFilters& from) {
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

std::string onnx_filters(OnnxGraph& graph, const float* weight, int64_t taps, int64_t inputs,
                         int64_t features) {
  OnnxFilters to(features, inputs, taps);
  for (int64_t k = 0; k < taps; ++k) {
    for (int64_t c = 0; c < inputs; ++c) {
      for (int64_t f = 0; f < features; ++f) to.at(f, c, k) = *weight++;
    }
  }
  return graph.constant(to.values(), {features, inputs, taps});
}

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

}  // namespace nt::twin
