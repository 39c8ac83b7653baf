#include "twin/network.hpp"

#include <array>

#include "random/random.hpp"

namespace neurontwin {

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
