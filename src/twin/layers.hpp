#pragma once
#include <torch/torch.h>

#include <span>

#include "random/random.hpp"
#include "twin/parallel.hpp"
#include "twin/temporal_basis.hpp"

namespace neurontwin {

/// Batch normalisation over windows and time, feature by feature: [features] each. Training moves the running
/// mean and variance.
struct Norm {
  torch::Tensor scale, shift, mean, variance;
};
// Keras' defaults, which the published networks were trained with: running averages keep 99 %, epsilon 0.001.
constexpr double kNormKeep = 0.99;
constexpr double kNormEpsilon = 1e-3;

/// Weights to start training with, from a truncated normal distribution.
torch::Tensor drawn_weights(std::vector<int64_t> shape, double sd, Random random);

/// What follows a convolution: bias, activation and, if `norm` is not null, normalisation.
struct AfterConvolution {
  torch::Tensor bias;
  bool relu = true;
  Norm* norm = nullptr;
  bool training = true;
};

/// A causal convolution and what follows it, for torch's autograd, on the CPU and in float or double:
///   input   [window][time][inputs]
///   weight  [taps][inputs][outputs], `dilation` ms apart, the last tap being the present
///   result  [window][time - (taps - 1) dilation][outputs]
torch::Tensor convolution_layer(const torch::Tensor& input, const torch::Tensor& weight, int64_t dilation,
                                const AfterConvolution& after);

/// The same over spikes: events [n][3] int32 (window, channel, time), weight [channels][taps][features], tap
/// k acting k ms after the spike; result [window][duration][features].
torch::Tensor event_layer(const torch::Tensor& events, const torch::Tensor& weight, int64_t windows,
                          int64_t duration, const AfterConvolution& after);

/// The same with filters that are sums of the basis' functions: weight [channels][shapes][features]. Faster
/// than event_layer() with the filters written out: a spike touches a row for each shape, not for each tap.
torch::Tensor shaped_event_layer(const torch::Tensor& events, const torch::Tensor& weight,
                                 const TemporalBasis& basis, int64_t windows, int64_t duration,
                                 const AfterConvolution& after);

/// What the products of a dense convolution are computed in; sums are in float or better. tf32 is float on a
/// device without it; the caller sets torch's switch for it.
enum class Products : uint8_t { float32, tf32, bfloat16 };

/// The same two layers in torch's own operations, on any device.
torch::Tensor convolution_layer_reference(const torch::Tensor& input, const torch::Tensor& weight,
                                          int64_t dilation, const AfterConvolution& after,
                                          Products products = Products::float32);
torch::Tensor event_layer_reference(const torch::Tensor& events, const torch::Tensor& weight, int64_t windows,
                                    int64_t duration, const AfterConvolution& after,
                                    Products products = Products::float32);

/// event_layer_reference() for other devices than the CPU: on CUDA by kernels over the spikes where they are
/// faster than the dense convolution, which the first batch of each shape finds out; elsewhere the reference.
torch::Tensor event_layer_on_device(const torch::Tensor& events, const torch::Tensor& weight, int64_t windows,
                                    int64_t duration, const AfterConvolution& after, Products products);

/// As many threads as torch is set to use.
Parallel torch_parallel();
/// Events [n][3] int32 as the kernels take them.
std::span<const int32_t> span_of(const torch::Tensor& events);

}  // namespace neurontwin
