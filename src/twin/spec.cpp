#include "twin/spec.hpp"

#include <algorithm>
#include <array>

#include "twin/temporal_basis.hpp"

namespace neurontwin {

bool can_be_residual(std::span<const LayerSpec> layers) {
  const auto as_wide = [](const LayerSpec& a, const LayerSpec& b) { return a.features == b.features; };
  return std::adjacent_find(layers.begin(), layers.end(), as_wide) != layers.end();
}

int64_t TwinSpec::window_ms() const {
  int64_t window = recurrent ? recurrent->history_ms + 1 : 1;
  for (const auto& layer : layers) window += layer.reach_ms();
  return window;
}

bool TwinSpec::is_dilated() const {
  return std::any_of(layers.begin(), layers.end(), [](const LayerSpec& l) { return l.dilation > 1; });
}

int64_t TwinSpec::width() const {
  int64_t widest = recurrent ? recurrent->memory_units : 0;
  for (const auto& layer : layers) widest = std::max(widest, layer.features);
  return widest;
}

namespace {

/// Of each layer, of which there is at least one.
std::vector<int64_t> read_dilation(const Settings& settings, size_t layers) {
  constexpr Range kRange{1, 10000};
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

void read_layers(const Settings& settings, TwinSpec& spec) {
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
}

}  // namespace

RecurrentSpec read_recurrent(const Settings& settings) {
  RecurrentSpec spec;
  spec.memory_units = settings.integer("memory_units", spec.memory_units, {1, 10000});
  spec.branches = settings.integer("branches", spec.branches, {1, 100000});
  spec.branch_overlap = settings.flag("branch_overlap", spec.branch_overlap);
  constexpr std::array<std::string_view, 2> activations{"silu", "relu"};
  spec.activation = settings.choice("memory_activation", activations, "silu") == "relu"
                        ? HiddenActivation::relu
                        : HiddenActivation::silu;
  spec.learn_time_constants = settings.flag("learn_time_constants", spec.learn_time_constants);
  spec.synapse_tau_ms = settings.number("synapse_tau_ms", spec.synapse_tau_ms, kPositive);
  spec.shortest_memory_ms = settings.number("shortest_memory_ms", spec.shortest_memory_ms, kPositive);
  spec.longest_memory_ms = settings.number("longest_memory_ms", spec.longest_memory_ms, kPositive);
  spec.history_ms = settings.integer("history_ms", spec.history_ms, {0, 100000});
  if (spec.longest_memory_ms < spec.shortest_memory_ms) {
    fail_input("{}: '{}' is {}, expected at least 'shortest_memory_ms', {}",
               settings.where("longest_memory_ms"), settings.full_key("longest_memory_ms"),
               spec.longest_memory_ms, spec.shortest_memory_ms);
  }
  return spec;
}

TwinSpec read_twin(const Settings& settings) {
  TwinSpec spec;
  constexpr std::array<std::string_view, 2> kinds{"convolutional", "recurrent"};
  if (settings.choice("kind", kinds, "convolutional") == "recurrent") {
    spec.recurrent = read_recurrent(settings);
    // So that one experiment can describe both.
    for (const auto* key :
         {"taps", "width", "dilation", "residual", "activation", "batch_norm", "temporal_shapes"})
      settings.pass_over(key);
  } else {
    read_layers(settings, spec);
  }
  spec.weight_sd = settings.number("weight_sd", spec.weight_sd, kNotNegative);
  spec.bias = settings.number("bias", spec.bias);
  spec.spike_weight_sd = settings.number("spike_weight_sd", spec.spike_weight_sd, kNotNegative);
  spec.spike_bias = settings.number("spike_bias", spec.spike_bias);
  spec.soma_weight_sd = settings.number("soma_weight_sd", spec.soma_weight_sd, kNotNegative);
  spec.soma_bias = settings.number("soma_bias", spec.soma_bias);
  spec.soma_offset_mV = settings.number("soma_offset_mV", spec.soma_offset_mV);
  spec.dendrite_weight_sd = settings.number("dendrite_weight_sd", spec.dendrite_weight_sd, kNotNegative);
  return spec;
}

std::string words_for(const TwinSpec& spec) {
  if (spec.recurrent) {
    const auto& r = *spec.recurrent;
    return fmt::format("{} leaky memory units ({:g} to {:g} ms{}) over {} branches", r.memory_units,
                       r.shortest_memory_ms, r.longest_memory_ms, r.learn_time_constants ? ", learned" : "",
                       r.wiring.branches);
  }
  auto words =
      fmt::format("{} layer{} x {} unit{}, {} ms of input", spec.depth(), spec.depth() > 1 ? "s" : "",
                  spec.width(), spec.width() > 1 ? "s" : "", spec.window_ms());
  if (spec.is_dilated()) {
    std::vector<int64_t> dilation;
    for (const auto& layer : spec.layers) dilation.push_back(layer.dilation);
    words += fmt::format(", taps {} ms apart", fmt::join(dilation, ", "));
  }
  return words + (spec.residual ? ", residual" : "");
}

}  // namespace neurontwin
