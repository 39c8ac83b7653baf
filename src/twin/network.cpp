#include "twin/network.hpp"

#include <torch/script.h>

#include <algorithm>
#include <array>

#include "random/random.hpp"

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

TwinImpl::TwinImpl(const TwinSpec& spec, int64_t channels, uint64_t seed) : spec_(spec), channels_(channels) {
  uint32_t stream = 0;
  const auto draw = [&](std::vector<int64_t> shape, double sd) {
    return drawn_weights(std::move(shape), sd,
                         Random(seed, Stage::twin_weights, 0, {StreamName::weights, stream++}));
  };
  const auto drawn = [&](const std::string& name, std::vector<int64_t> shape, double sd) {
    return register_parameter(name, draw(std::move(shape), sd));
  };
  const auto constant = [&](const std::string& name, std::vector<int64_t> shape, double value) {
    return register_parameter(name, torch::full(shape, value, torch::kFloat32));
  };
  for (size_t i = 0; i < spec_.layers.size(); ++i) {
    const int64_t taps = spec_.layers[i].taps, features = spec_.layers[i].features;
    const auto name = fmt::format("layer{}", i + 1);
    if (i == 0) {
      const int64_t shapes = spec_.temporal_shapes > 0 ? spec_.temporal_shapes : taps;
      first_weight = drawn(name + "_weight", {channels, shapes, features}, spec_.weight_sd);
      if (spec_.temporal_shapes > 0) {
        basis_ = temporal_basis(taps, shapes);
        functions_ = torch::tensor(basis_.function, torch::kFloat64).view({shapes, taps});
      }
      first_bias = constant(name + "_bias", {features}, spec_.bias);
    } else {
      // Drawn as [out][in][tap].
      const auto weight = draw({features, spec_.layers[i - 1].features, taps}, spec_.weight_sd);
      deeper_.push_back({register_parameter(name + "_weight", weight.permute({2, 1, 0}).contiguous()),
                         constant(name + "_bias", {features}, spec_.bias)});
    }
    if (spec_.batch_norm) {
      const auto buffer = [&](const char* what, double value) {
        return register_buffer(name + what, torch::full({features}, value, torch::kFloat32));
      };
      auto scale = constant(name + "_norm_scale", {features}, 1);
      auto shift = constant(name + "_norm_shift", {features}, 0);
      norms_.push_back({scale, shift, buffer("_norm_mean", 0), buffer("_norm_variance", 1)});
    }
  }
  if (spec_.recurrent) {
    TORCH_CHECK(spec_.recurrent->wiring.channels() == channels, "the wiring does not fit the channels");
    recurrent_ = register_module("recurrent", RecurrentLayer(*spec_.recurrent, seed));
  }
  const int64_t last = spec_.recurrent ? spec_.recurrent->memory_units : spec_.layers.back().features;
  spike_weight = drawn("spike_weight", {last}, spec_.spike_weight_sd);
  spike_bias = constant("spike_bias", {}, spec_.spike_bias);
  soma_weight = drawn("soma_weight", {last}, spec_.soma_weight_sd);
  soma_bias = constant("soma_bias", {}, spec_.soma_bias);
  const auto head = [&](const std::string& name, int64_t outputs, double sd, double bias) {
    auto weight = drawn(name + "_weight", {last, outputs}, sd);
    heads_.push_back({name, weight, constant(name + "_bias", {outputs}, bias)});
  };
  if (spec_.dendritic_components > 0)
    head("dendrites", spec_.dendritic_components, spec_.dendrite_weight_sd, 0);
  if (spec_.near_spike) head("near_spike", 1, spec_.spike_weight_sd, spec_.spike_bias);
  if (spec_.count) head("count", 1, spec_.spike_weight_sd, spec_.spike_bias);
}

torch::Tensor TwinImpl::filters() const {
  if (basis_.shapes == 0) return first_weight;
  const auto functions = functions_.to(first_weight.options());
  torch::Tensor sum;
  for (int64_t r = 0; r < basis_.shapes; ++r) {
    const auto term = first_weight.narrow(1, r, 1) * functions[r].view({1, -1, 1});
    sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

torch::Tensor TwinImpl::first_gain() const {
  if (!spec_.batch_norm) return torch::ones_like(first_bias).detach();
  const auto& norm = norms_.front();
  return (norm.scale * torch::rsqrt(norm.variance + kNormEpsilon)).detach();
}

torch::Tensor TwinImpl::shapes_of(const torch::Tensor& filters) const {
  if (basis_.shapes == 0) return filters;
  const auto functions = functions_.to(filters.options());
  std::vector<torch::Tensor> shapes;
  for (int64_t r = 0; r < basis_.shapes; ++r)
    shapes.push_back((filters * functions[r].view({1, -1, 1})).sum(1));
  return torch::stack(shapes, 1);
}

AfterConvolution TwinImpl::after(const torch::Tensor& bias, size_t layer) {
  return {bias, spec_.activation == Activation::relu, spec_.batch_norm ? &norms_[layer] : nullptr,
          is_training() && !norm_frozen};
}

template <class First, class Next>
torch::Tensor TwinImpl::layers_with(First&& first, Next&& next, const torch::Tensor& events, int64_t windows,
                                    int64_t window_ms, const LayerListener& listener) {
  const auto x = first(events, windows, first_duration(window_ms), after(first_bias, 0));
  return layers_above(x, next, listener);
}

template <class Next>
torch::Tensor TwinImpl::layers_above(torch::Tensor x, Next&& next, const LayerListener& listener) {
  if (listener) listener(x);
  for (size_t i = 1; i < spec_.layers.size(); ++i) {
    const auto& [weight, bias] = deeper_[i - 1];
    const auto y = next(x, weight, spec_.layers[i].dilation, after(bias, i));  // [window][ms][feature]
    x = spec_.adds_input(i) ? y + x.narrow(1, x.size(1) - y.size(1), y.size(1)) : y;
    if (listener) listener(x);
  }
  return x;
}

TwinOutput TwinImpl::answers_to(const torch::Tensor& x) const {
  // As one product.
  std::vector<torch::Tensor> weights{torch::stack({spike_weight, soma_weight}, 1)};
  for (const auto& head : heads_) weights.push_back(head.weight);
  const auto answers = torch::matmul(x, heads_.empty() ? weights.front() : torch::cat(weights, 1));
  TwinOutput output{
      answers.select(2, 0) + spike_bias, answers.select(2, 1) + soma_bias + spec_.soma_offset_mV, {}, {}, {}};
  int64_t first_output = 2;
  for (const auto& head : heads_) {
    const auto answer = answers.narrow(2, first_output, head.bias.size(0)) + head.bias;
    first_output += head.bias.size(0);
    if (head.name == "dendrites") output.dendrites = answer;
    if (head.name == "near_spike") output.near_spike_log_odds = answer.squeeze(2);
    if (head.name == "count") output.log_count = answer.squeeze(2);
  }
  return output;
}

torch::Tensor TwinImpl::below_heads(const torch::Tensor& events, int64_t windows, int64_t window_ms,
                                    const LayerListener& listener) {
  if (dense) return below_heads_reference(events, windows, window_ms, listener);
  if (recurrent_ && spike_weight.is_cpu()) {
    const auto memory =
        recurrent_->forward(events, windows, history_ms() + window_ms).narrow(1, history_ms(), window_ms);
    if (listener) listener(memory);
    return memory;
  }
  if (recurrent_) return below_heads_reference(events, windows, window_ms, listener);
  if (first_weight.is_cpu()) {
    return layers_with([this](auto&&... layer) { return first_layer(layer...); }, convolution_layer, events,
                       windows, window_ms, listener);
  }
  return layers_with(
      [this](const auto& e, auto&&... layer) {
        return event_layer_on_device(e, filters(), layer..., products);
      },
      [this](auto&&... layer) { return convolution_layer_reference(layer..., products); }, events, windows,
      window_ms, listener);
}

torch::Tensor TwinImpl::below_heads_reference(const torch::Tensor& events, int64_t windows, int64_t window_ms,
                                              const LayerListener& listener) {
  if (recurrent_) {
    const auto memory = recurrent_->forward_reference(events, windows, history_ms() + window_ms)
                            .narrow(1, history_ms(), window_ms);
    if (listener) listener(memory);
    return memory;
  }
  return layers_with(
      [this](const auto& e, auto&&... layer) { return event_layer_reference(e, filters(), layer...); },
      [](auto&&... layer) { return convolution_layer_reference(layer...); }, events, windows, window_ms,
      listener);
}

TwinOutput TwinImpl::forward(const torch::Tensor& events, int64_t windows, int64_t window_ms) {
  return answers_to(below_heads(events, windows, window_ms, {}));
}

TwinOutput TwinImpl::forward_reference(const torch::Tensor& events, int64_t windows, int64_t window_ms) {
  return answers_to(below_heads_reference(events, windows, window_ms, {}));
}

std::vector<torch::Tensor> TwinImpl::hidden(const torch::Tensor& events, int64_t windows, int64_t window_ms) {
  std::vector<torch::Tensor> layers;
  below_heads(events, windows, window_ms, [&](const torch::Tensor& x) {
    layers.push_back(x.narrow(1, x.size(1) - window_ms, window_ms));
  });
  return layers;
}

torch::Tensor TwinImpl::first_layer(const torch::Tensor& events, int64_t windows, int64_t duration,
                                    const AfterConvolution& after) {
  if (basis_.shapes == 0) return event_layer(events, first_weight, windows, duration, after);
  return shaped_event_layer(events, first_weight, basis_, windows, duration, after);
}

torch::Tensor TwinImpl::drive(const torch::Tensor& events, int64_t windows, int64_t window_ms) {
  TORCH_CHECK(!recurrent_, "a recurrent twin has no filters");
  const AfterConvolution nothing{torch::zeros_like(first_bias), false, nullptr, false};
  const int64_t duration = first_duration(window_ms);
  if (first_weight.is_cpu() && !dense) return first_layer(events, windows, duration, nothing);
  return event_layer_reference(events, filters(), windows, duration, nothing);
}

TwinOutput TwinImpl::answers_to_drive(const torch::Tensor& drive) {
  auto x = drive + first_bias;
  if (spec_.activation == Activation::relu) x = torch::relu(x);
  if (spec_.batch_norm) {
    const auto& norm = norms_.front();
    x = (x - norm.mean) * torch::rsqrt(norm.variance + kNormEpsilon) * norm.scale + norm.shift;
  }
  if (first_weight.is_cpu() && !dense) return answers_to(layers_above(x, convolution_layer, {}));
  return answers_to(
      layers_above(x, [](auto&&... layer) { return convolution_layer_reference(layer...); }, {}));
}

TwinOutput TwinImpl::forward(const WindowBatch& batch) {
  TORCH_CHECK(batch.history_ms == history_ms() && batch.channels == channels_,
              "the batch does not fit the twin");
  const auto events =
      torch::from_blob(const_cast<int32_t*>(batch.events.data()), {batch.event_count(), 3}, torch::kInt32);
  return forward(events, batch.windows, batch.window_ms);
}

int64_t TwinImpl::parameter_count() const {
  int64_t count = 0;
  for (const auto& p : parameters()) count += p.numel();
  return count;
}

torch::jit::Module TwinImpl::to_torchscript(const std::string& description) {
  torch::NoGradGuard no_gradient;
  torch::jit::Module module("NeuronTwin");
  const auto add = [&](const std::string& name, const torch::Tensor& value) {
    module.register_buffer(name, value.detach().to(torch::kCPU).clone().contiguous());
  };
  if (recurrent_) recurrent_->add_to(module);
  std::string code = fmt::format(
      "def features(self, spikes):\n"
      "    x = torch.constant_pad_nd(spikes, [{}, 0], 0.0)\n",
      history_ms());
  for (size_t i = 0; i < spec_.layers.size(); ++i) {
    const auto name = fmt::format("layer{}", i + 1);
    // torch's conv1d runs its taps towards the present, ours away from the spike.
    add(name + "_weight",
        i == 0 ? filters().permute({2, 0, 1}).flip(2) : deeper_[i - 1].weight.permute({2, 1, 0}));
    add(name + "_bias", i == 0 ? first_bias : deeper_[i - 1].bias);
    if (spec_.adds_input(i)) code += "    given = x\n";
    code += fmt::format(
        "    x = torch.conv1d(x, self.{0}_weight, self.{0}_bias{1})\n", name,
        spec_.layers[i].dilation == 1 ? "" : fmt::format(", [1], [0], [{}]", spec_.layers[i].dilation));
    if (spec_.activation == Activation::relu) code += "    x = torch.relu(x)\n";
    if (spec_.batch_norm) {
      add(name + "_norm_scale", norms_[i].scale);
      add(name + "_norm_shift", norms_[i].shift);
      add(name + "_norm_mean", norms_[i].mean);
      add(name + "_norm_variance", norms_[i].variance);
      code += fmt::format(
          "    x = torch.batch_norm(x, self.{0}_norm_scale, self.{0}_norm_shift, self.{0}_norm_mean, "
          "self.{0}_norm_variance, False, 0.0, {1}, False)\n",
          name, kNormEpsilon);
    }
    if (spec_.adds_input(i))
      code += "    x = x + torch.narrow(given, 2, given.size(2) - x.size(2), x.size(2))\n";
  }
  add("spike_weight", spike_weight.view({1, -1, 1}));
  add("spike_bias", spike_bias.view({1}));
  add("soma_weight", soma_weight.view({1, -1, 1}));
  add("soma_bias", soma_bias.view({1}) + spec_.soma_offset_mV);
  if (!recurrent_) module.define(code + "    return x\n");
  module.define(
      "def forward(self, spikes):\n"
      "    x = self.features(spikes)\n"
      "    spike = torch.sigmoid(torch.conv1d(x, self.spike_weight, self.spike_bias))\n"
      "    soma = torch.conv1d(x, self.soma_weight, self.soma_bias)\n"
      "    return (torch.squeeze(spike, 1), torch.squeeze(soma, 1))\n");
  for (const auto& head : heads_) {
    add(head.name + "_weight", head.weight.t().unsqueeze(2));
    add(head.name + "_bias", head.bias);
    module.define(
        fmt::format("def {0}(self, spikes):\n"
                    "    y = torch.conv1d(self.features(spikes), self.{0}_weight, self.{0}_bias)\n"
                    "    return {1}\n",
                    head.name,
                    head.name == "dendrites"    ? "torch.transpose(y, 1, 2)"
                    : head.name == "near_spike" ? "torch.squeeze(torch.sigmoid(y), 1)"
                                                : "torch.squeeze(torch.exp(y), 1)"));
  }
  module.register_attribute("description", c10::StringType::get(), description);
  module.eval();
  return module;
}

void TwinImpl::load_torchscript(const torch::jit::Module& module, const std::string& name) {
  torch::NoGradGuard no_gradient;
  const auto take = [&](const std::string& key, torch::Tensor target, const auto& turn) {
    if (!module.hasattr(key)) fail_input("{}: has no '{}'; it is no twin of this shape", name, key);
    const auto stored = turn(module.attr(key).toTensor());
    if (stored.sizes() != target.sizes()) {
      fail_input("{}: '{}' has another shape than this experiment's twin; run the train stage again", name,
                 key);
    }
    target.copy_(stored);
  };
  const auto as_is = [](const torch::Tensor& t) { return t; };
  if (recurrent_) recurrent_->take_from(take);
  for (size_t i = 0; i < spec_.layers.size(); ++i) {
    const auto layer = fmt::format("layer{}", i + 1);
    if (i == 0) {
      take(layer + "_weight", first_weight, [&](const torch::Tensor& t) {
        return shapes_of(t.flip(2).permute({1, 2, 0}));
      });
      take(layer + "_bias", first_bias, as_is);
    } else {
      take(layer + "_weight", deeper_[i - 1].weight, [](const torch::Tensor& t) {
        return t.permute({2, 1, 0});
      });
      take(layer + "_bias", deeper_[i - 1].bias, as_is);
    }
    if (spec_.batch_norm) {
      take(layer + "_norm_scale", norms_[i].scale, as_is);
      take(layer + "_norm_shift", norms_[i].shift, as_is);
      take(layer + "_norm_mean", norms_[i].mean, as_is);
      take(layer + "_norm_variance", norms_[i].variance, as_is);
    }
  }
  const auto flat = [](const torch::Tensor& t) { return t.flatten(); };
  const auto single = [](const torch::Tensor& t) { return t.squeeze(); };
  take("spike_weight", spike_weight, flat);
  take("spike_bias", spike_bias, single);
  take("soma_weight", soma_weight, flat);
  take("soma_bias", soma_bias, [&](const torch::Tensor& t) { return t.squeeze() - spec_.soma_offset_mV; });
  for (const auto& head : heads_) {
    take(head.name + "_weight", head.weight, [](const torch::Tensor& t) { return t.squeeze(2).t(); });
    take(head.name + "_bias", head.bias, as_is);
  }
}

Prediction predict_trial(Twin& twin, const Split& split, size_t trial) {
  torch::NoGradGuard no_gradient;
  const std::array<Window, 1> whole{Window{trial, 0}};
  const auto output = twin->forward(
      gather(split, whole, {.history_ms = twin->history_ms(), .window_ms = split.duration_ms()}));
  const auto copy = [](const torch::Tensor& t) {
    const auto dense = t.to(torch::kCPU).contiguous();
    return std::vector<float>(dense.data_ptr<float>(), dense.data_ptr<float>() + dense.numel());
  };
  return {copy(output.spike_log_odds), copy(output.soma_mV),
          output.dendrites.defined() ? copy(output.dendrites) : std::vector<float>{}};
}

}  // namespace neurontwin
