#include "twin/recurrent_layer.hpp"

#include <array>
#include <cmath>

#include "random/random.hpp"
#include "twin/causal_convolution.hpp"
#include "twin/layers.hpp"

namespace neurontwin {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// A write decides at once most of what a unit that forgets slowly will hold: lambda of the published units.
constexpr double kWriteSpeed = 5;
constexpr double kSynapseWeight = 0.5;  // where training starts, as published

struct BranchSums : torch::autograd::Function<BranchSums> {
  static Tensor forward(AutogradContext* context, const Tensor& events, const Tensor& weight_,
                        const Wiring& wiring, const BranchSumsShape& shape) {
    const auto weight = weight_.contiguous();
    auto sums = torch::empty({shape.windows, shape.duration, wiring.branches}, weight.options());
    AT_DISPATCH_FLOATING_TYPES(weight.scalar_type(), "branch_sums", [&] {
      branch_sums_forward<scalar_t>(shape, wiring, span_of(events), weight.data_ptr<scalar_t>(),
                                    sums.data_ptr<scalar_t>(), torch_parallel());
    });
    context->save_for_backward({events, weight});
    context->saved_data["branches"] = wiring.branches;
    context->saved_data["first"] = wiring.first;
    context->saved_data["branch"] = wiring.branch;
    context->saved_data["keep"] = shape.keep;
    return sums;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Wiring wiring{context->saved_data["branches"].toInt(), context->saved_data["first"].toIntVector(),
                        context->saved_data["branch"].toIntVector()};
    const auto gradient = gradients[0].contiguous();
    const BranchSumsShape shape{gradient.size(0), gradient.size(1), context->saved_data["keep"].toDouble()};
    auto of_weight = torch::empty_like(saved[1]);
    AT_DISPATCH_FLOATING_TYPES(gradient.scalar_type(), "branch_sums", [&] {
      branch_sums_weight_gradient<scalar_t>(shape, wiring, span_of(saved[0]), gradient.data_ptr<scalar_t>(),
                                            of_weight.data_ptr<scalar_t>(), torch_parallel());
    });
    return {{}, of_weight, {}, {}};
  }
};

/// [..][count] with rows as the kernels hold them, in memory of its own.
Tensor padded(const Tensor& t, int64_t row) {
  return torch::constant_pad_nd(t, {0, row - t.size(-1)}).contiguous();
}

/// Gradient of a matrix that turned rows of `from` into such of `to`.
template <class T>
Tensor matrix_gradient(const Tensor& from, const Tensor& to_gradient, int64_t rows, int64_t columns) {
  const CausalConvolutionShape shape{from.size(0), from.size(1), 1, from.size(2), to_gradient.size(2)};
  auto gradient = torch::empty({shape.inputs, shape.outputs}, from.options());
  causal_convolution_weight_gradient<T>(shape, from.data_ptr<T>(), to_gradient.data_ptr<T>(),
                                        gradient.data_ptr<T>(), 0, torch_parallel());
  return gradient.narrow(0, 0, rows).narrow(1, 0, columns).contiguous();
}

struct LeakyMemory : torch::autograd::Function<LeakyMemory> {
  static LeakyMemoryShape shape_of(const Tensor& before, const Tensor& delta_weight) {
    return {before.size(0), before.size(1), delta_weight.size(0), delta_weight.size(1)};
  }

  // Saved are the five weights and the four signals, in this order.
  template <class T>
  static LeakyMemoryWeights<T> weights_of(const variable_list& saved) {
    return {saved[0].data_ptr<T>(), saved[1].data_ptr<T>(), saved[2].data_ptr<T>(), saved[3].data_ptr<T>(),
            saved[4].data_ptr<T>()};
  }
  template <class T>
  static LeakyMemorySignals<T> signals_of(const variable_list& saved) {
    return {saved[5].data_ptr<T>(), saved[6].data_ptr<T>(), saved[7].data_ptr<T>(), saved[8].data_ptr<T>()};
  }

  static Tensor forward(AutogradContext* context, const Tensor& drive, const Tensor& memory_weight,
                        const Tensor& delta_weight, const Tensor& delta_bias, const Tensor& keep,
                        const Tensor& gate, int64_t activation) {
    const auto s = shape_of(drive, delta_weight);
    variable_list saved;
    for (const auto& t : {memory_weight, delta_weight, delta_bias, keep, gate})
      saved.push_back(t.contiguous());
    AT_DISPATCH_FLOATING_TYPES(drive.scalar_type(), "leaky_memory", [&] {
      saved.push_back(padded(drive, padded_row<scalar_t>(s.hidden)));
      for (int i = 0; i < 3; ++i)
        saved.push_back(
            torch::empty({s.windows, s.duration, padded_row<scalar_t>(s.units)}, drive.options()));
      leaky_memory_forward<scalar_t>(s, static_cast<HiddenActivation>(activation),
                                     weights_of<scalar_t>(saved), signals_of<scalar_t>(saved),
                                     torch_parallel());
    });
    context->save_for_backward(saved);
    context->saved_data["activation"] = activation;
    return saved.back().narrow(2, 0, s.units).clone(torch::MemoryFormat::Contiguous);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &before = saved[5], &decayed = saved[6];
    const auto s = shape_of(before, saved[1]);
    const auto write = padded(gradients[0], decayed.size(2));
    const auto of_before = torch::empty_like(before), hidden = torch::empty_like(before);
    const auto of_units = torch::empty({s.windows, 3, s.units}, before.options());
    Tensor of_memory_weight, of_delta_weight;
    AT_DISPATCH_FLOATING_TYPES(before.scalar_type(), "leaky_memory", [&] {
      const LeakyMemoryGradients<scalar_t> g{write.data_ptr<scalar_t>(), of_before.data_ptr<scalar_t>(),
                                             hidden.data_ptr<scalar_t>(), of_units.data_ptr<scalar_t>()};
      leaky_memory_backward<scalar_t>(
          s, static_cast<HiddenActivation>(context->saved_data["activation"].toInt()),
          weights_of<scalar_t>(saved), signals_of<scalar_t>(saved), g, torch_parallel());
      of_memory_weight = matrix_gradient<scalar_t>(decayed, of_before, s.units, s.hidden);
      of_delta_weight = matrix_gradient<scalar_t>(hidden, write, s.hidden, s.units);
    });
    const auto sums = of_units.sum(0);
    return {
        of_before.narrow(2, 0, s.hidden), of_memory_weight, of_delta_weight, sums[0], sums[1], sums[2], {}};
  }
};

Tensor activated(const Tensor& x, HiddenActivation activation) {
  return activation == HiddenActivation::relu ? torch::relu(x) : torch::silu(x);
}

}  // namespace

RecurrentLayerImpl::RecurrentLayerImpl(const RecurrentSpec& spec, uint64_t seed) : spec_(spec) {
  const int64_t units = spec_.memory_units, hidden = spec_.hidden_units();
  const auto& wiring = spec_.wiring;
  uint32_t stream = 0;
  const auto drawn = [&](const std::string& name, int64_t inputs, int64_t outputs, int64_t all_inputs) {
    const double sd = 1 / std::sqrt(3 * static_cast<double>(all_inputs));
    return register_parameter(
        name, drawn_weights({inputs, outputs}, sd,
                            Random(seed, Stage::twin_weights, 1, {StreamName::weights, stream++})));
  };
  auto signs = torch::full({wiring.contacts()}, kSynapseWeight);
  signs.slice(0, wiring.first[static_cast<size_t>(spec_.excitatory_channels)]).neg_();
  synapse_weight = register_parameter("synapse_weight", signs);
  branch_weight = drawn("branch_weight", wiring.branches, hidden, wiring.branches + units);
  memory_weight = drawn("memory_weight", units, hidden, wiring.branches + units);
  hidden_bias = register_parameter("hidden_bias", torch::zeros({hidden}));
  delta_weight = drawn("delta_weight", hidden, units, hidden);
  delta_bias = register_parameter("delta_bias", torch::zeros({units}));
  const auto times =
      torch::linspace(std::log(spec_.shortest_memory_ms), std::log(spec_.longest_memory_ms), units);
  log_time_constant = spec_.learn_time_constants ? register_parameter("log_time_constant", times)
                                                 : register_buffer("log_time_constant", times);
}

Tensor RecurrentLayerImpl::keep() const {
  return torch::exp(-torch::exp(-log_time_constant));
}

Tensor RecurrentLayerImpl::gate() const {
  return 1 - torch::exp(-kWriteSpeed * torch::exp(-log_time_constant));
}

Tensor RecurrentLayerImpl::contact_channels() const {
  std::vector<int64_t> channels;
  for (int64_t c = 0; c < spec_.wiring.channels(); ++c)
    channels.resize(static_cast<size_t>(spec_.wiring.first[static_cast<size_t>(c) + 1]), c);
  return torch::tensor(channels, torch::kInt64);
}

Tensor RecurrentLayerImpl::contact_branches() const {
  return torch::tensor(spec_.wiring.branch, torch::kInt64);
}

Tensor RecurrentLayerImpl::synapse_table() const {
  return torch::zeros({spec_.wiring.channels(), spec_.wiring.branches}, synapse_weight.options())
      .index_put(
          {contact_channels().to(synapse_weight.device()), contact_branches().to(synapse_weight.device())},
          synapse_weight);
}

Tensor RecurrentLayerImpl::forward(const Tensor& events, int64_t windows, int64_t duration) {
  const BranchSumsShape shape{windows, duration, std::exp(-1 / spec_.synapse_tau_ms)};
  const auto sums = branch_sums(events, synapse_weight, spec_.wiring, shape);
  const auto drive =
      convolution_layer(sums, branch_weight.unsqueeze(0), 1, {.bias = hidden_bias, .relu = false});
  return leaky_memory(drive, memory_weight, delta_weight, delta_bias, keep(), gate(), spec_.activation);
}

Tensor RecurrentLayerImpl::forward_reference(const Tensor& events, int64_t windows, int64_t duration) {
  const auto table = synapse_table();
  const auto e = events.to(table.device(), torch::kInt64);
  const auto inside = (e.select(1, 2) >= 0) & (e.select(1, 2) < duration);
  const auto kept = e.index({inside});
  const auto spikes =
      torch::zeros({windows, duration, spec_.wiring.channels()}, table.options().requires_grad(false))
          .index_put({kept.select(1, 0), kept.select(1, 2), kept.select(1, 1)},
                     torch::ones({kept.size(0)}, table.options().requires_grad(false)), true);
  const auto arriving = torch::matmul(spikes, table);
  const double keep_of_sum = std::exp(-1 / spec_.synapse_tau_ms);
  std::vector<Tensor> sums;
  for (int64_t t = 0; t < duration; ++t) {
    const auto now = arriving.select(1, t);
    sums.push_back(t > 0 ? now + keep_of_sum * sums.back() : now);
  }
  const auto drive = torch::matmul(torch::stack(sums, 1), branch_weight) + hidden_bias;
  return leaky_memory_reference(drive, memory_weight, delta_weight, delta_bias, keep(), gate(),
                                spec_.activation);
}

Tensor branch_sums(const Tensor& events, const Tensor& weight, const Wiring& wiring,
                   const BranchSumsShape& shape) {
  return BranchSums::apply(events.contiguous(), weight, wiring, shape);
}

Tensor leaky_memory(const Tensor& drive, const Tensor& memory_weight, const Tensor& delta_weight,
                    const Tensor& delta_bias, const Tensor& keep, const Tensor& gate,
                    HiddenActivation activation) {
  return LeakyMemory::apply(drive, memory_weight, delta_weight, delta_bias, keep, gate,
                            static_cast<int64_t>(activation));
}

Tensor leaky_memory_reference(const Tensor& drive, const Tensor& memory_weight, const Tensor& delta_weight,
                              const Tensor& delta_bias, const Tensor& keep, const Tensor& gate,
                              HiddenActivation activation) {
  auto memory = torch::zeros({drive.size(0), delta_weight.size(1)}, drive.options().requires_grad(false));
  std::vector<Tensor> all;
  for (int64_t t = 0; t < drive.size(1); ++t) {
    const auto decayed = keep * memory;
    const auto hidden = activated(drive.select(1, t) + torch::matmul(decayed, memory_weight), activation);
    const auto u = torch::matmul(hidden, delta_weight) + delta_bias;
    memory = decayed + gate * kWriteRange * torch::tanh(kWriteSlope * u);
    all.push_back(memory);
  }
  return torch::stack(all, 1);
}

}  // namespace neurontwin
