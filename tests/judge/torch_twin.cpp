#include "judge/torch_twin.hpp"

#include <cmath>

#include "twin/after_convolution.hpp"
#include "twin/temporal_basis.hpp"

namespace nt {

using torch::Tensor;

Tensor tensor_of(std::span<const int32_t> events) {
  return torch::from_blob(const_cast<int32_t*>(events.data()), {std::ssize(events) / 3, 3}, torch::kInt32)
      .clone();
}

Tensor TorchTwin::bins(const Tensor& events, int64_t windows, int64_t window_ms) const {
  const int64_t duration = spec_.network->window_ms() - 1 + window_ms;
  const auto e = events.to(torch::kInt64);
  const auto inside = (e.select(1, 2) >= 0) & (e.select(1, 2) < duration);
  const auto kept = e.index({inside});
  const auto type = arrays.at("spike_weight").options().requires_grad(false);
  return torch::zeros({windows, channels_, duration}, type)
      .index_put({kept.select(1, 0), kept.select(1, 1), kept.select(1, 2)}, torch::ones({kept.size(0)}, type),
                 true);
}

Tensor TorchTwin::convolutional(const twin::ConvolutionalSpec& spec, Tensor x, twin::NormBy norm) {
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const auto of = [&](const char* what) { return arrays.at(fmt::format("layer{}_{}", i + 1, what)); };
    auto weight = of("weight");
    if (i == 0) {
      if (spec.temporal_shapes > 0) {
        const auto basis = twin::temporal_basis(spec.layers[0].taps, spec.temporal_shapes);
        const auto functions = torch::tensor(basis.function, torch::kFloat64)
                                   .view({basis.shapes, basis.taps})
                                   .to(weight.scalar_type());
        weight = torch::einsum("crf,rk->ckf", {weight, functions});
      }
      weight =
          weight.permute({2, 0, 1}).flip(2);  // torch's taps run towards the present, ours from the spike
    } else {
      weight = weight.permute({2, 1, 0});
    }
    auto y = torch::conv1d(x, weight, of("bias"), at::IntArrayRef{1}, at::IntArrayRef{0},
                           at::IntArrayRef{spec.layers[i].dilation});
    if (spec.activation == twin::Activation::relu) y = torch::relu(y);
    if (spec.batch_norm) {
      y = torch::batch_norm(y, of("norm_scale"), of("norm_shift"), of("norm_mean"), of("norm_variance"),
                            norm == twin::NormBy::batch, 1 - twin::kNormKeep, twin::kNormEpsilon, false);
    }
    x = spec.adds_input(i) ? y + x.narrow(2, x.size(2) - y.size(2), y.size(2)) : y;
  }
  return x.transpose(1, 2);
}

Tensor TorchTwin::recurrent(const twin::RecurrentSpec& spec, const Tensor& spikes) {
  const auto of = [&](const char* what) { return arrays.at(std::string("recurrent.") + what); };
  std::vector<int64_t> channel;
  for (int64_t c = 0; c < spec.wiring.channels(); ++c)
    channel.resize(static_cast<size_t>(spec.wiring.first[static_cast<size_t>(c) + 1]), c);
  const auto synapses = of("synapse_weight");
  const auto table =
      torch::zeros({spec.wiring.channels(), spec.wiring.branches}, synapses.options().requires_grad(false))
          .index_put(
              {torch::tensor(channel, torch::kInt64), torch::tensor(spec.wiring.branch, torch::kInt64)},
              synapses);
  const auto arriving = torch::matmul(spikes.transpose(1, 2), table);
  const auto rate = torch::exp(-of("log_time_constant"));
  const auto keep = torch::exp(-rate), gate = 1 - torch::exp(-5 * rate);
  auto sum = torch::zeros_like(arriving.select(1, 0));
  auto memory = torch::zeros({spikes.size(0), spec.memory_units}, sum.options());
  std::vector<Tensor> all;
  for (int64_t t = 0; t < arriving.size(1); ++t) {
    sum = arriving.select(1, t) + torch::tensor(spec.branch_keep(), sum.options()) * sum;
    const auto decayed = keep * memory;
    const auto before = torch::matmul(sum, of("branch_weight")) + of("hidden_bias") +
                        torch::matmul(decayed, of("memory_weight"));
    const auto hidden =
        spec.activation == twin::HiddenActivation::relu ? torch::relu(before) : torch::silu(before);
    const auto u = torch::matmul(hidden, of("delta_weight")) + of("delta_bias");
    memory = decayed + gate * twin::kWriteRange * torch::tanh(twin::kWriteSlope * u);
    all.push_back(memory);
  }
  return torch::stack(all, 1).narrow(1, spec.history_ms, arriving.size(1) - spec.history_ms);
}

Tensor TorchTwin::forward_bins(const Tensor& spikes, int64_t, twin::NormBy norm) {
  const auto* convolutions = spec_.as<twin::ConvolutionalSpec>();
  const auto x = convolutions != nullptr ? convolutional(*convolutions, spikes, norm)
                                         : recurrent(*spec_.as<twin::RecurrentSpec>(), spikes);
  std::vector<Tensor> outputs;
  for (const auto& head : spec_.heads) {
    const auto weight = arrays.at(head.name + "_weight").view({-1, head.outputs});
    outputs.push_back(torch::matmul(x, weight) + arrays.at(head.name + "_bias") + head.offset);
  }
  return torch::cat(outputs, 2);
}

Tensor TorchTwin::forward(const Tensor& events, int64_t windows, int64_t window_ms, twin::NormBy norm) {
  return forward_bins(bins(events, windows, window_ms), window_ms, norm);
}

namespace {

/// The bins of [window][ms] whose answers lie inside the window.
Tensor inner(const Tensor& t, int64_t edge_ms) {
  return t.narrow(1, edge_ms, t.size(1) - 2 * edge_ms);
}

}  // namespace

std::vector<Tensor> torch_losses(const twin::TwinSpec& spec, const Tensor& outputs,
                                 const dataset::WindowBatch& batch, const twin::HeadSettings& settings) {
  const auto target = [&](const std::vector<float>& values) {
    return torch::from_blob(const_cast<float*>(values.data()), {batch.windows, batch.window_ms},
                            torch::kFloat32)
        .to(outputs.scalar_type());
  };
  const auto spikes = target(batch.spikes), counts = target(batch.soma_counts);
  std::vector<Tensor> losses;
  int64_t first = 0;
  for (const auto& head : spec.heads) {
    const auto all = outputs.narrow(2, first, head.outputs);
    const auto one = all.select(2, 0);
    first += head.outputs;
    if (head.name == "spike") losses.push_back(torch::binary_cross_entropy_with_logits(one, spikes));
    if (head.name == "soma") {
      losses.push_back(((one - target(batch.soma_mV)).square() * counts).sum() / counts.sum().clamp_min(1));
    }
    if (head.name == "dendrites") {
      const auto& values = batch.signal("dendrites_pc")->values;
      const auto components =
          torch::from_blob(const_cast<float*>(values.data()), all.sizes(), torch::kFloat32);
      losses.push_back((all - components.to(outputs.scalar_type())).square().mean());
    }
    if (head.name == "near_spike") {
      const auto reach = static_cast<int64_t>(settings.find("near_spike_ms")->second);
      const auto near = torch::max_pool1d(spikes.unsqueeze(1), 2 * reach + 1, 1).squeeze(1);
      losses.push_back(torch::binary_cross_entropy_with_logits(inner(one, reach), near));
    }
    if (head.name == "count") {
      const double sd_ms = settings.find("rate_sd_ms")->second;
      const auto edge = static_cast<int64_t>(std::ceil(4 * sd_ms));
      const auto distance = torch::arange(-edge, edge + 1, spikes.options()) / sd_ms;
      const auto window = torch::exp(-0.5 * distance.square()).view({1, 1, -1});
      const auto count = torch::conv1d(spikes.unsqueeze(1), window).squeeze(1);
      const auto z = inner(one, edge);
      losses.push_back((torch::exp(z) - count * z).mean());
    }
  }
  return losses;
}

TorchNadam::TorchNadam(std::vector<Tensor> parameters) : parameters_(std::move(parameters)) {
  for (const auto& p : parameters_) {
    first_moment_.push_back(torch::zeros_like(p).detach());
    second_moment_.push_back(torch::zeros_like(p).detach());
  }
}

void TorchNadam::step(double learning_rate) {
  torch::NoGradGuard no_gradient;
  constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;
  const auto momentum = [](int64_t step) {
    return kBeta1 * (1 - 0.5 * std::pow(0.96, static_cast<double>(step) * 0.004));
  };
  ++steps_;
  const double mu = momentum(steps_), mu_next = momentum(steps_ + 1);
  momentum_product_ *= mu;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const auto& g = parameters_[i].grad();
    first_moment_[i].mul_(kBeta1).add_(g, 1 - kBeta1);
    second_moment_[i].mul_(kBeta2).addcmul_(g, g, 1 - kBeta2);
    const auto size =
        second_moment_[i].div(1 - std::pow(kBeta2, static_cast<double>(steps_))).sqrt_().add_(kEpsilon);
    parameters_[i].addcdiv_(g, size, -learning_rate * (1 - mu) / (1 - momentum_product_));
    parameters_[i].addcdiv_(first_moment_[i], size,
                            -learning_rate * mu_next / (1 - momentum_product_ * mu_next));
  }
}

void TorchNadam::zero_gradients() {
  for (auto& p : parameters_) p.mutable_grad().reset();
}

}  // namespace nt
