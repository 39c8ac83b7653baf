#include "twin/convolutional.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "twin/detail/convolutional_network.hpp"
#include "twin/temporal_basis.hpp"

namespace nt::twin {
namespace {

/// Of each layer, of which there is at least one.
std::vector<int64_t> read_dilation(const config::Settings& settings, size_t layers) {
  constexpr config::Range kRange{1, 10000};
  if (!settings.is_array("dilation")) {
    std::vector<int64_t> dilation(layers, settings.integer("dilation", 1, kRange));
    dilation.front() = 1;
    return dilation;
  }
  auto dilation = settings.integers("dilation", {}, kRange);
  if (dilation.size() != layers) {
    fail_input("{}: '{}' has {} numbers, expected {}, one for each of 'taps', or one without brackets",
               settings.where("dilation"), settings.full_key("dilation"), dilation.size(), layers);
  }
  if (dilation.front() != 1) {
    fail_input("{}: '{}' begins with {}, expected 1: the first layer sees every ms",
               settings.where("dilation"), settings.full_key("dilation"), dilation.front());
  }
  return dilation;
}

NetworkSpecPointer from_settings(const config::Settings& settings, const dataset::CellTable&) {
  const auto made = std::make_shared<ConvolutionalSpec>();
  auto& spec = *made;
  const auto taps = settings.integers("taps", {}, {1, 10000});
  auto width = settings.integers("width", {}, {1, 100000});
  if (taps.empty()) {
    fail_input("{}: '{}' is empty, expected the number of taps of each layer, for example [54, 12, 12]",
               settings.where("taps"), settings.full_key("taps"));
  }
  if (width.size() == 1) width.resize(taps.size(), width.front());
  if (width.size() != taps.size()) {
    fail_input("{}: '{}' has {} numbers, expected one for all layers or {}, one for each of 'taps'",
               settings.where("width"), settings.full_key("width"), width.size(), taps.size());
  }
  const auto dilation = read_dilation(settings, taps.size());
  for (size_t i = 0; i < taps.size(); ++i) spec.layers.push_back({taps[i], width[i], dilation[i]});
  if (spec.layers.size() > kMostLayers || spec.window_ms() > kMostWindow_ms) {
    fail_input("{}: '{}' makes {} layers that look back {} ms, expected at most {} and {} ms",
               settings.where("taps"), settings.full_key("taps"), spec.layers.size(), spec.window_ms(),
               kMostLayers, kMostWindow_ms);
  }
  spec.residual = settings.flag("residual", spec.residual);
  if (spec.residual && !can_be_residual(spec.layers)) {
    fail_input(
        "{}: '{}' is true, but no layer is as wide as the one before it; expected two layers of one width "
        "in a row",
        settings.where("residual"), settings.full_key("residual"));
  }
  constexpr std::array<std::string_view, 2> activations{"relu", "linear"};
  spec.activation =
      settings.choice("activation", activations, "relu") == "relu" ? Activation::relu : Activation::linear;
  spec.batch_norm = settings.flag("batch_norm", spec.batch_norm);
  spec.temporal_shapes = settings.integer("temporal_shapes", spec.temporal_shapes,
                                          {0, static_cast<double>(most_shapes(taps.front()))});
  spec.weight_sd = settings.number("weight_sd", spec.weight_sd, config::kNotNegative);
  spec.bias = settings.number("bias", spec.bias);
  return made;
}

NetworkSpecPointer from_file(const SpecificationFile& file) {
  const auto made = std::make_shared<ConvolutionalSpec>();
  auto& spec = *made;
  const auto& json = file.specification;
  for (const auto& layer : json.objects("layers")) {
    spec.layers.push_back({layer.integer("taps", 1, 10000), layer.integer("features", 1, 100000),
                           layer.integer("dilation", 1, spec.layers.empty() ? 1 : 10000)});
  }
  if (spec.layers.empty() || spec.layers.size() > kMostLayers)
    fail_input("{}: has {} layers, expected 1 to {}", json.where("layers"), spec.layers.size(), kMostLayers);
  spec.activation = json.is_second("activation", "linear", "relu") ? Activation::relu : Activation::linear;
  spec.batch_norm = json.flag("batch_norm");
  spec.residual = json.flag("residual");
  if (spec.residual && !can_be_residual(spec.layers))
    fail_input("{}: is true, but no layer is as wide as the one before it", json.where("residual"));
  spec.temporal_shapes = json.integer("temporal_shapes", 0, most_shapes(spec.layers.front().taps));
  return made;
}

std::string name_of(size_t layer) {
  return fmt::format("layer{}", layer + 1);
}

}  // namespace

ConvolutionalSpec read_convolutional(const config::Settings& twin) {
  return static_cast<const ConvolutionalSpec&>(*from_settings(twin, {}));
}

NetworkKind convolutional_kind() {
  return {"convolutional",
          from_settings,
          from_file,
          {"taps", "width", "dilation", "residual", "activation", "batch_norm", "temporal_shapes",
           "weight_sd", "bias"}};
}

bool can_be_residual(std::span<const LayerSpec> layers) {
  const auto as_wide = [](const LayerSpec& a, const LayerSpec& b) { return a.features == b.features; };
  return std::adjacent_find(layers.begin(), layers.end(), as_wide) != layers.end();
}

bool ConvolutionalSpec::is_dilated() const {
  return std::any_of(layers.begin(), layers.end(), [](const LayerSpec& l) { return l.dilation > 1; });
}

std::string ConvolutionalSpec::words() const {
  auto words = fmt::format("{} layer{} x {} unit{}, {} ms of input", depth(), depth() > 1 ? "s" : "", width(),
                           width() > 1 ? "s" : "", window_ms());
  if (is_dilated()) {
    std::vector<int64_t> dilation;
    for (const auto& layer : layers) dilation.push_back(layer.dilation);
    words += fmt::format(", taps {} ms apart", fmt::join(dilation, ", "));
  }
  return words + (residual ? ", residual" : "");
}

int64_t ConvolutionalSpec::window_ms() const {
  int64_t window = 1;
  for (const auto& layer : layers) window += layer.reach_ms();
  return window;
}

int64_t ConvolutionalSpec::width() const {
  return std::ranges::max_element(layers, {}, &LayerSpec::features)->features;
}

int64_t ConvolutionalSpec::units() const {
  int64_t units = 0;
  for (const auto& layer : layers) units += layer.features;
  return units;
}

int64_t ConvolutionalSpec::multiply_adds(int64_t channels) const {
  // Synapses are summed into each unit's shapes, then each of these is filtered once.
  const auto& first = layers.front();
  int64_t sum = temporal_shapes > 0 ? (channels + first.taps) * temporal_shapes * first.features
                                    : channels * first.taps * first.features;
  for (size_t i = 1; i < layers.size(); ++i)
    sum += layers[i].taps * layers[i - 1].features * layers[i].features;
  return sum;
}

std::vector<std::string> ConvolutionalSpec::layer_names() const {
  std::vector<std::string> names;
  for (size_t i = 1; i <= layers.size(); ++i) names.push_back(fmt::format("layer {}", i));
  return names;
}

std::vector<ParameterArray> ConvolutionalSpec::arrays(int64_t channels) const {
  std::vector<ParameterArray> all;
  int64_t inputs = channels;
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto [taps, features, dilation] = layers[i];
    const auto name = name_of(i);
    const auto shape = i == 0 ? std::vector{inputs, temporal_shapes > 0 ? temporal_shapes : taps, features}
                              : std::vector{taps, inputs, features};
    all.push_back({.array = {name + "_weight", shape}, .regularised = true});
    all.push_back({.array = {name + "_bias", {features}}});
    if (batch_norm) {
      all.push_back({.array = {name + "_norm_scale", {features}}});
      all.push_back({.array = {name + "_norm_shift", {features}}});
      all.push_back({.array = {name + "_norm_mean", {features}}, .trained = false});
      all.push_back({.array = {name + "_norm_variance", {features}}, .trained = false});
    }
    inputs = features;
  }
  return all;
}

void ConvolutionalSpec::draw(const ParameterLayout& layout, std::span<float> numbers, uint64_t seed,
                             uint32_t& stream) const {
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto name = name_of(i);
    const auto fill = [&](const char* what, double value) {
      std::fill_n(numbers.begin() + layout.offset(name + what), layers[i].features,
                  static_cast<float>(value));
    };
    const auto weight = numbers.subspan(layout.offset(name + "_weight"));
    const random::Random random(seed, random::Stage::twin_weights, 0,
                                {random::StreamName::weights, stream++});
    if (i == 0) {
      const auto count = layout.arrays().front().count();
      draw_weights(weight.first(count), weight_sd, random);
    } else {
      // Drawn as [feature][input][tap].
      const int64_t inputs = layers[i - 1].features, taps = layers[i].taps, features = layers[i].features;
      std::vector<float> drawn(features * inputs * taps);
      draw_weights(drawn, weight_sd, random);
      for (int64_t f = 0; f < features; ++f) {
        for (int64_t c = 0; c < inputs; ++c) {
          for (int64_t k = 0; k < taps; ++k)
            weight[(k * inputs + c) * features + f] = drawn[(f * inputs + c) * taps + k];
        }
      }
    }
    fill("_bias", bias);
    if (!batch_norm) continue;
    fill("_norm_scale", 1);
    fill("_norm_shift", 0);
    fill("_norm_mean", 0);
    fill("_norm_variance", 1);
  }
}

std::unique_ptr<Network<float>> ConvolutionalSpec::network(const ParameterLayout& layout, int64_t channels,
                                                           float) const {
  return std::make_unique<ConvolutionalNetwork<float>>(*this, layout, channels);
}
std::unique_ptr<Network<double>> ConvolutionalSpec::network(const ParameterLayout& layout, int64_t channels,
                                                            double) const {
  return std::make_unique<ConvolutionalNetwork<double>>(*this, layout, channels);
}

nlohmann::ordered_json ConvolutionalSpec::to_json() const {
  auto list = nlohmann::ordered_json::array();
  for (const auto& l : layers)
    list.push_back({{"taps", l.taps}, {"features", l.features}, {"dilation", l.dilation}});
  return {{"layers", list},
          {"activation", activation == Activation::relu ? "relu" : "linear"},
          {"batch_norm", batch_norm},
          {"residual", residual},
          {"temporal_shapes", temporal_shapes}};
}

std::optional<FirstFilters> ConvolutionalSpec::filters(const ParameterLayout& layout,
                                                       std::span<const float> numbers,
                                                       int64_t channels) const {
  const auto [taps, features, dilation] = layers.front();
  FirstFilters f{channels, taps, features,
                 ConvolutionalNetwork<float>(*this, layout, channels).filters(numbers.data()),
                 std::vector<double>(features, 1.0)};
  if (!batch_norm) return f;
  const float* scale = &numbers[layout.offset("layer1_norm_scale")];
  const float* variance = &numbers[layout.offset("layer1_norm_variance")];
  for (size_t u = 0; u < f.gain.size(); ++u)
    f.gain[u] = static_cast<double>(scale[u]) / std::sqrt(static_cast<double>(variance[u]) + kNormEpsilon);
  return f;
}

}  // namespace nt::twin
