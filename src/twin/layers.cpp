#include "twin/layers.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "twin/activation_norm.hpp"
#include "twin/causal_convolution.hpp"
#include "twin/event_convolution.hpp"
#include "twin/exponential_filter.hpp"

namespace neurontwin {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Times the fast algorithm is applied, from measurements of 1 .. 35 taps at 32 .. 128 features: as long as
/// each of its products keeps three taps, which pay for the additions.
int halvings_of(int64_t taps, int64_t inputs) {
  if (inputs < 48 || taps < 6) return 0;
  return taps >= 32 ? 3 : taps >= 10 ? 2 : 1;
}

CausalConvolutionShape shape_of(const Tensor& input, const Tensor& weight) {
  return {input.size(0), input.size(1) - weight.size(0) + 1, weight.size(0), weight.size(1), weight.size(2)};
}

EventConvolutionShape shape_of(const Tensor& weight, int64_t windows, int64_t duration) {
  return {windows, weight.size(0), duration, weight.size(1), weight.size(2)};
}

Tensor from_doubles(const std::vector<double>& values, const Tensor& like) {
  return torch::tensor(values, torch::kFloat64).to(like.options().requires_grad(false));
}

std::vector<double> to_doubles(const Tensor& t) {
  const auto dense = t.detach().to(torch::kFloat64).contiguous();
  return {dense.data_ptr<double>(), dense.data_ptr<double>() + dense.numel()};
}

/// A layer's memory between its two passes, apart from the convolution's own.
struct Follower {
  bool relu, training;
  Tensor r;                    // the activation
  Tensor average, inverse_sd;  // [features], undefined without normalisation
};

/// Makes of a convolution's result x, which it uses up, the layer's.
Tensor follow(Tensor x, const Tensor& bias, const Tensor& scale, const Tensor& shift, Norm* norm,
              Follower& follower) {
  const auto parallel = torch_parallel();
  const SignalShape shape{x.size(0) * x.size(1), x.size(2)};
  const auto features = static_cast<size_t>(shape.features);
  follower.r = x;
  std::vector<double> average(features), variance(features);
  const bool measure = norm != nullptr && follower.training;
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "follow", [&] {
    activate<scalar_t>(shape, follower.relu, bias.contiguous().data_ptr<scalar_t>(), x.data_ptr<scalar_t>(),
                       measure ? average.data() : nullptr, measure ? variance.data() : nullptr, parallel);
  });
  if (norm == nullptr) return x;
  if (measure) {
    const auto rows = static_cast<double>(shape.rows);
    const double unbiased = rows > 1 ? rows / (rows - 1) : 1;
    norm->mean.mul_(kNormKeep).add_(from_doubles(average, x), 1 - kNormKeep);
    norm->variance.mul_(kNormKeep).add_(from_doubles(variance, x), (1 - kNormKeep) * unbiased);
  } else {
    average = to_doubles(norm->mean);
    variance = to_doubles(norm->variance);
  }
  const auto gamma = to_doubles(scale), beta = to_doubles(shift);
  std::vector<double> inverse_sd(features), factor(features), offset(features);
  for (size_t f = 0; f < features; ++f) {
    inverse_sd[f] = 1 / std::sqrt(variance[f] + kNormEpsilon);
    factor[f] = gamma[f] * inverse_sd[f];
    offset[f] = beta[f] - average[f] * factor[f];
  }
  follower.average = from_doubles(average, x);
  follower.inverse_sd = torch::tensor(inverse_sd, torch::kFloat64);
  auto y = torch::empty_like(x);
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "follow", [&] {
    scale_and_shift<scalar_t>(shape, x.data_ptr<scalar_t>(), from_doubles(factor, x).data_ptr<scalar_t>(),
                              from_doubles(offset, x).data_ptr<scalar_t>(), y.data_ptr<scalar_t>(), parallel);
  });
  return y;
}

struct FollowerGradients {
  Tensor x, bias, scale, shift;
};

/// Gradients from that of the layer's result. With normalisation by the batch's own average m and deviation,
///   r' = scale/sd (y' - sum(y')/n - (r - m)/sd^2 sum(y' (r - m))/n).
FollowerGradients follow_back(const Tensor& y_gradient, const Tensor& scale, const Follower& follower) {
  const auto parallel = torch_parallel();
  const Tensor& r = follower.r;
  const SignalShape shape{r.size(0) * r.size(1), r.size(2)};
  const auto features = static_cast<size_t>(shape.features);
  std::vector<double> factor(features, 1), constant(features), slope(features), bias(features);
  Tensor average = torch::zeros({shape.features}, r.options());
  FollowerGradients g;
  if (scale.numel() > 0) {
    average = follower.average;
    std::vector<double> sum(features), sum_times_deviation(features);
    AT_DISPATCH_FLOATING_TYPES(r.scalar_type(), "follow_back", [&] {
      gradient_sums<scalar_t>(shape, y_gradient.data_ptr<scalar_t>(), r.data_ptr<scalar_t>(),
                              average.data_ptr<scalar_t>(), sum.data(), sum_times_deviation.data(), parallel);
    });
    const auto gamma = to_doubles(scale), inverse_sd = to_doubles(follower.inverse_sd);
    const auto rows = static_cast<double>(shape.rows);
    std::vector<double> scale_gradient(features);
    for (size_t f = 0; f < features; ++f) {
      factor[f] = gamma[f] * inverse_sd[f];
      scale_gradient[f] = sum_times_deviation[f] * inverse_sd[f];
      if (!follower.training) continue;  // the running averages do not depend on r
      constant[f] = factor[f] * sum[f] / rows;
      slope[f] = factor[f] * inverse_sd[f] * scale_gradient[f] / rows;
    }
    g.scale = from_doubles(scale_gradient, r);
    g.shift = from_doubles(sum, r);
  }
  g.x = torch::empty_like(r);
  const auto a = from_doubles(factor, r), b = from_doubles(constant, r), c = from_doubles(slope, r);
  AT_DISPATCH_FLOATING_TYPES(r.scalar_type(), "follow_back", [&] {
    activation_gradient<scalar_t>(shape, follower.relu, y_gradient.data_ptr<scalar_t>(),
                                  r.data_ptr<scalar_t>(),
                                  {a.data_ptr<scalar_t>(), b.data_ptr<scalar_t>(), c.data_ptr<scalar_t>(),
                                   average.data_ptr<scalar_t>()},
                                  g.x.data_ptr<scalar_t>(), bias.data(), parallel);
  });
  g.bias = from_doubles(bias, r);
  return g;
}

/// Common to both layers' functions: saved are {input or events, weight, scale, r, average, inverse_sd}.
void save(AutogradContext* context, const Tensor& input, const Tensor& weight, const Tensor& scale,
          const Follower& f) {
  context->save_for_backward({input, weight, scale, f.r, f.average, f.inverse_sd});
  context->saved_data["relu"] = f.relu;
  context->saved_data["training"] = f.training;
}

FollowerGradients follow_back(AutogradContext* context, const variable_list& saved, const Tensor& gradient) {
  return follow_back(gradient.contiguous(), saved[2],
                     {context->saved_data["relu"].toBool(), context->saved_data["training"].toBool(),
                      saved[3], saved[4], saved[5]});
}

/// Zeros before a signal of so many ms that make whole rounds of `dilation` ms of it.
int64_t zeros_before(int64_t duration, int64_t dilation) {
  return (dilation - duration % dilation) % dilation;
}

/// A dilated convolution is a plain one of every dilation-th ms. Takes a signal [window][time][feature] apart
/// into its phases, [window and phase][round][feature], behind so many zeros; none is copied if there is one.
Tensor phases_of(const Tensor& signal, int64_t dilation, int64_t zeros) {
  if (dilation == 1) return signal.contiguous();
  const auto whole =
      zeros == 0 ? signal.contiguous() : torch::constant_pad_nd(signal, {0, 0, zeros, 0}).contiguous();
  const int64_t windows = whole.size(0), rounds = whole.size(1) / dilation, features = whole.size(2);
  return whole.view({windows, rounds, dilation, features})
      .permute({0, 2, 1, 3})
      .contiguous()  // reshape() would not be sure to: of one window it makes a view
      .view({windows * dilation, rounds, features});
}

/// Puts phases together again, without what came of the zeros.
Tensor together(const Tensor& phases, int64_t dilation, int64_t zeros) {
  if (dilation == 1) return phases;
  const int64_t windows = phases.size(0) / dilation, rounds = phases.size(1), features = phases.size(2);
  return phases.view({windows, dilation, rounds, features})
      .permute({0, 2, 1, 3})
      .reshape({windows, rounds * dilation, features})
      .narrow(1, zeros, rounds * dilation - zeros)
      .contiguous();
}

struct ConvolutionLayer : torch::autograd::Function<ConvolutionLayer> {
  static Tensor forward(AutogradContext* context, const Tensor& input_, const Tensor& weight_,
                        const Tensor& bias, const Tensor& scale, const Tensor& shift, Norm* norm, bool relu,
                        bool training, int64_t dilation) {
    const auto weight = weight_.contiguous();
    // The zeros make outputs of their own, which neither bias nor normalisation may see.
    const int64_t zeros = zeros_before(input_.size(1) - (weight.size(0) - 1) * dilation, dilation);
    const auto input = phases_of(input_, dilation, zeros);
    const auto s = shape_of(input, weight);
    auto x = torch::empty({s.windows, s.duration, s.outputs}, input.options());
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "convolution_layer", [&] {
      causal_convolution_forward<scalar_t>(s, input.data_ptr<scalar_t>(), weight.data_ptr<scalar_t>(),
                                           x.data_ptr<scalar_t>(), halvings_of(s.taps, s.inputs),
                                           torch_parallel());
    });
    Follower follower{relu, training, {}, {}, {}};
    auto y = follow(together(x, dilation, zeros), bias, scale, shift, norm, follower);
    save(context, input, weight, scale, follower);
    context->saved_data["dilation"] = dilation;
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &input = saved[0], &weight = saved[1];
    const auto g = follow_back(context, saved, gradients[0]);
    const int64_t dilation = context->saved_data["dilation"].toInt();
    const int64_t zeros = zeros_before(g.x.size(1), dilation);
    const auto x_gradient = phases_of(g.x, dilation, zeros);
    const auto s = shape_of(input, weight);
    const int halvings = halvings_of(s.taps, s.inputs);
    Tensor input_gradient, weight_gradient = torch::empty_like(weight);
    if (context->needs_input_grad(0)) input_gradient = torch::empty_like(input);
    AT_DISPATCH_FLOATING_TYPES(weight.scalar_type(), "convolution_layer", [&] {
      causal_convolution_weight_gradient<scalar_t>(
          s, input.data_ptr<scalar_t>(), x_gradient.data_ptr<scalar_t>(),
          weight_gradient.data_ptr<scalar_t>(), halvings, torch_parallel());
      if (!input_gradient.defined()) return;
      causal_convolution_input_gradient<scalar_t>(
          s, x_gradient.data_ptr<scalar_t>(), weight.data_ptr<scalar_t>(),
          input_gradient.data_ptr<scalar_t>(), halvings, torch_parallel());
    });
    if (input_gradient.defined()) input_gradient = together(input_gradient, dilation, zeros);
    return {input_gradient, weight_gradient, g.bias, g.scale, g.shift, {}, {}, {}, {}};
  }
};

struct EventLayer : torch::autograd::Function<EventLayer> {
  static Tensor forward(AutogradContext* context, const Tensor& events, const Tensor& weight_,
                        const Tensor& bias, const Tensor& scale, const Tensor& shift, Norm* norm, bool relu,
                        bool training, int64_t windows, int64_t duration) {
    const auto weight = weight_.contiguous();
    auto x = torch::empty({windows, duration, weight.size(2)}, weight.options());
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "event_layer", [&] {
      event_convolution_forward<scalar_t>(shape_of(weight, windows, duration), span_of(events),
                                          weight.data_ptr<scalar_t>(), x.data_ptr<scalar_t>(),
                                          torch_parallel());
    });
    Follower follower{relu, training, {}, {}, {}};
    auto y = follow(x, bias, scale, shift, norm, follower);
    save(context, events, weight, scale, follower);
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &events = saved[0], &weight = saved[1];
    const auto g = follow_back(context, saved, gradients[0]);
    auto weight_gradient = torch::empty_like(weight);
    AT_DISPATCH_FLOATING_TYPES(weight.scalar_type(), "event_layer", [&] {
      event_convolution_weight_gradient<scalar_t>(shape_of(weight, g.x.size(0), g.x.size(1)), span_of(events),
                                                  g.x.data_ptr<scalar_t>(),
                                                  weight_gradient.data_ptr<scalar_t>(), torch_parallel());
    });
    return {{}, weight_gradient, g.bias, g.scale, g.shift, {}, {}, {}, {}, {}};
  }
};

/// An event layer of few shapes goes through three stages: the weights of shapes are mixed into those of
/// exponentials, spikes add their rows of weights at their own time, and the exponentials smooth the sums.
struct ShapedStages {
  int64_t channels, shapes, features;
  EventConvolutionShape sums;
  ExponentialFilterShape filter;
};

ShapedStages stages_of(const Tensor& weight, int64_t taps, int64_t windows, int64_t duration) {
  const int64_t channels = weight.size(0), shapes = weight.size(1), features = weight.size(2);
  return {channels,
          shapes,
          features,
          {windows, channels, duration + taps - 1, 1, shapes * features},
          {windows, duration, taps, shapes, features}};
}

struct ShapedEventLayer : torch::autograd::Function<ShapedEventLayer> {
  static Tensor forward(AutogradContext* context, const Tensor& events, const Tensor& weight_,
                        const Tensor& bias, const Tensor& scale, const Tensor& shift, Norm* norm, bool relu,
                        bool training, int64_t windows, int64_t duration, const TemporalBasis& basis) {
    const auto weight = weight_.contiguous();
    const auto s = stages_of(weight, basis.taps, windows, duration);
    auto x = torch::empty({windows, duration, s.features}, weight.options());
    auto mixed = torch::empty_like(weight);
    auto sums = torch::empty({windows, s.sums.duration, s.sums.features}, weight.options());
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "shaped_event_layer", [&] {
      mix_rows<scalar_t>(s.channels, s.shapes, s.shapes, s.features, basis.mixture.data(),
                         weight.data_ptr<scalar_t>(), mixed.data_ptr<scalar_t>(), torch_parallel());
      event_convolution_forward<scalar_t>(s.sums, span_of(events), mixed.data_ptr<scalar_t>(),
                                          sums.data_ptr<scalar_t>(), torch_parallel());
      exponential_filter_forward<scalar_t>(s.filter, sums.data_ptr<scalar_t>(), basis.decay.data(),
                                           x.data_ptr<scalar_t>(), torch_parallel());
    });
    Follower follower{relu, training, {}, {}, {}};
    auto y = follow(x, bias, scale, shift, norm, follower);
    save(context, events, weight, scale, follower);
    context->saved_data["taps"] = basis.taps;
    context->saved_data["decay"] = basis.decay;
    context->saved_data["mixture"] = basis.mixture;
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &events = saved[0], &weight = saved[1];
    const auto g = follow_back(context, saved, gradients[0]);
    const auto decay = context->saved_data["decay"].toDoubleVector();
    const auto from_mixed = transposed(context->saved_data["mixture"].toDoubleVector(), weight.size(1));
    const auto s = stages_of(weight, context->saved_data["taps"].toInt(), g.x.size(0), g.x.size(1));
    auto weight_gradient = torch::empty_like(weight), mixed_gradient = torch::empty_like(weight);
    auto sums = torch::empty({s.sums.windows, s.sums.duration, s.sums.features}, weight.options());
    AT_DISPATCH_FLOATING_TYPES(weight.scalar_type(), "shaped_event_layer", [&] {
      exponential_filter_input_gradient<scalar_t>(s.filter, g.x.data_ptr<scalar_t>(), decay.data(),
                                                  sums.data_ptr<scalar_t>(), torch_parallel());
      event_convolution_weight_gradient<scalar_t>(s.sums, span_of(events), sums.data_ptr<scalar_t>(),
                                                  mixed_gradient.data_ptr<scalar_t>(), torch_parallel());
      mix_rows<scalar_t>(s.channels, s.shapes, s.shapes, s.features, from_mixed.data(),
                         mixed_gradient.data_ptr<scalar_t>(), weight_gradient.data_ptr<scalar_t>(),
                         torch_parallel());
    });
    return {{}, weight_gradient, g.bias, g.scale, g.shift, {}, {}, {}, {}, {}, {}};
  }

  static std::vector<double> transposed(const std::vector<double>& square, int64_t size) {
    std::vector<double> result(square.size());
    for (int64_t i = 0; i < size; ++i) {
      for (int64_t j = 0; j < size; ++j)
        result[static_cast<size_t>(j * size + i)] = square[static_cast<size_t>(i * size + j)];
    }
    return result;
  }
};

/// Empty without normalisation: autograd's functions take no undefined tensors.
Tensor scale_of(const AfterConvolution& a) {
  return a.norm ? a.norm->scale : torch::empty({0});
}
Tensor shift_of(const AfterConvolution& a) {
  return a.norm ? a.norm->shift : torch::empty({0});
}

}  // namespace

Tensor drawn_weights(std::vector<int64_t> shape, double sd, Random random) {
  auto values = torch::empty(shape);
  auto* p = values.data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); ++i) p[i] = static_cast<float>(sd * random.truncated_normal());
  return values;
}

std::span<const int32_t> span_of(const Tensor& events) {
  return {events.data_ptr<int32_t>(), static_cast<size_t>(events.numel())};
}

Parallel torch_parallel() {
  return on_threads(at::get_num_threads());
}

Tensor convolution_layer(const Tensor& input, const Tensor& weight, int64_t dilation,
                         const AfterConvolution& after) {
  return ConvolutionLayer::apply(input, weight, after.bias, scale_of(after), shift_of(after), after.norm,
                                 after.relu, after.training, dilation);
}

Tensor event_layer(const Tensor& events, const Tensor& weight, int64_t windows, int64_t duration,
                   const AfterConvolution& after) {
  return EventLayer::apply(events.contiguous(), weight, after.bias, scale_of(after), shift_of(after),
                           after.norm, after.relu, after.training, windows, duration);
}

Tensor shaped_event_layer(const Tensor& events, const Tensor& weight, const TemporalBasis& basis,
                          int64_t windows, int64_t duration, const AfterConvolution& after) {
  return ShapedEventLayer::apply(events.contiguous(), weight, after.bias, scale_of(after), shift_of(after),
                                 after.norm, after.relu, after.training, windows, duration, basis);
}

}  // namespace neurontwin
