#include <chrono>
#include <map>
#include <tuple>

#include "twin/event_convolution_cuda.hpp"
#include "twin/layers.hpp"

// The layers in torch's operations, and the first one on a CUDA device.

namespace neurontwin {
namespace {

using torch::Tensor;

/// x [window][feature][time], as torch's operations like it.
Tensor follow_reference(const Tensor& x, const AfterConvolution& after) {
  auto y = x + after.bias.view({-1, 1});
  if (after.relu) y = torch::relu(y);
  if (after.norm != nullptr) {
    const Norm& n = *after.norm;
    y = torch::batch_norm(y, n.scale, n.shift, n.mean, n.variance, after.training, 1 - kNormKeep,
                          kNormEpsilon, false);
  }
  return y.transpose(1, 2);
}

Tensor convolve(const Tensor& signal, const Tensor& filter, int64_t dilation, Products products) {
  const auto of = [&](const Tensor& s, const Tensor& f) {
    return torch::nn::functional::conv1d(s, f, torch::nn::functional::Conv1dFuncOptions().dilation(dilation));
  };
  if (products != Products::bfloat16) return of(signal, filter);
  return of(signal.to(torch::kBFloat16), filter.to(torch::kBFloat16)).to(filter.scalar_type());
}

/// [window][feature][time]
Tensor convolve_dense(const Tensor& events, const Tensor& weight, int64_t windows, int64_t duration,
                      Products products) {
  auto spikes = torch::zeros({windows, weight.size(0), duration + weight.size(1) - 1},
                             weight.options().requires_grad(false));
  const auto index = events.to(weight.device(), torch::kInt64);
  spikes.index_put_({index.select(1, 0), index.select(1, 1), index.select(1, 2)},
                    torch::ones({index.size(0)}, spikes.options()), true);
  // torch's conv1d runs its taps towards the present, ours away from the spike.
  return convolve(spikes, weight.permute({2, 0, 1}).flip(2), 1, products);
}

#ifdef NEURONTWIN_CUDA
struct ConvolutionOverEvents : torch::autograd::Function<ConvolutionOverEvents> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& weight_,
                        const Tensor& first_at, const Tensor& channel, const Tensor& first_of,
                        const Tensor& window_time, int64_t windows, int64_t duration) {
    const auto weight = weight_.contiguous();
    auto output = torch::empty({windows, duration, weight.size(2)}, weight.options());
    const EventConvolutionShape s{windows, weight.size(0), duration, weight.size(1), weight.size(2)};
    event_convolution_forward_cuda(s, first_at.data_ptr<int32_t>(), channel.data_ptr<int32_t>(),
                                   weight.data_ptr<float>(), output.data_ptr<float>());
    context->save_for_backward({weight, first_of, window_time});
    return output;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto y = gradients[0].contiguous();
    auto gradient = torch::empty_like(saved[0]);
    const EventConvolutionShape s{y.size(0), gradient.size(0), y.size(1), gradient.size(1), gradient.size(2)};
    event_convolution_weight_gradient_cuda(s, saved[1].data_ptr<int32_t>(), saved[2].data_ptr<int32_t>(),
                                           y.data_ptr<float>(), gradient.data_ptr<float>());
    return {gradient, {}, {}, {}, {}, {}, {}};
  }
};

/// [window][feature][time]
Tensor convolve_events(const Tensor& events_, const Tensor& weight, int64_t windows, int64_t duration) {
  const auto events = events_.to(torch::kCPU).contiguous();
  const EventConvolutionShape s{windows, weight.size(0), duration, weight.size(1), weight.size(2)};
  const auto o = order_events(s, {events.data_ptr<int32_t>(), static_cast<size_t>(events.numel())});
  const auto there = [&](const std::vector<int32_t>& values) {
    return torch::tensor(values, torch::kInt32).to(weight.device());
  };
  return ConvolutionOverEvents::apply(weight, there(o.first_at), there(o.channel), there(o.first_of),
                                      there(o.window_time), windows, duration)
      .transpose(1, 2);
}

/// Seconds of the second of two passes, forward and backward; the first warms up.
template <class Convolve>
double seconds_of(const Tensor& weight, Convolve&& convolve_with) {
  double seconds = 0;
  for (int pass = 0; pass < 2; ++pass) {
    const auto w = weight.detach().clone().requires_grad_();
    torch::cuda::synchronize();
    const auto start = std::chrono::steady_clock::now();
    convolve_with(w).sum().backward();
    torch::cuda::synchronize();
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return seconds;
}

bool events_are_faster(const Tensor& events, const Tensor& weight, int64_t windows, int64_t duration,
                       Products products) {
  static std::map<std::tuple<int64_t, int64_t, int64_t, int64_t, int64_t, Products>, bool> found;
  const auto key =
      std::make_tuple(windows, duration, weight.size(0), weight.size(1), weight.size(2), products);
  const auto known = found.find(key);
  if (known != found.end()) return known->second;
  const double sparse =
      seconds_of(weight, [&](const Tensor& w) { return convolve_events(events, w, windows, duration); });
  const double dense = seconds_of(
      weight, [&](const Tensor& w) { return convolve_dense(events, w, windows, duration, products); });
  return found[key] = sparse < dense;
}
#endif

}  // namespace

Tensor convolution_layer_reference(const Tensor& input, const Tensor& weight, int64_t dilation,
                                   const AfterConvolution& after, Products products) {
  return follow_reference(convolve(input.transpose(1, 2), weight.permute({2, 1, 0}), dilation, products),
                          after);
}

Tensor event_layer_reference(const Tensor& events, const Tensor& weight, int64_t windows, int64_t duration,
                             const AfterConvolution& after, Products products) {
  return follow_reference(convolve_dense(events, weight, windows, duration, products), after);
}

Tensor event_layer_on_device(const Tensor& events, const Tensor& weight, int64_t windows, int64_t duration,
                             const AfterConvolution& after, Products products) {
#ifdef NEURONTWIN_CUDA
  if (weight.is_cuda() && weight.scalar_type() == torch::kFloat32 && torch::GradMode::is_enabled() &&
      events_are_faster(events, weight, windows, duration, products)) {
    return follow_reference(convolve_events(events, weight, windows, duration), after);
  }
#endif
  return event_layer_reference(events, weight, windows, duration, after, products);
}

}  // namespace neurontwin
