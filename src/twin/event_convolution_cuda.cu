#include "twin/event_convolution_cuda.hpp"

// Blocks of one output's (or one tap's) features: neighbouring threads read neighbouring numbers. What they read
// again and again, a batch's output gradient (1.6 MB) or the filters of the channels that fired, lies in the
// second-level cache of such devices.

namespace neurontwin {
namespace {

constexpr int kMostThreads = 128;

__global__ void forward(EventConvolutionShape s, const int32_t* first_at, const int32_t* channel,
                        const float* weight, float* output) {
  const int64_t window = blockIdx.x / s.duration, t = blockIdx.x % s.duration;
  for (int64_t f = threadIdx.x; f < s.features; f += blockDim.x) {
    output[blockIdx.x * s.features + f] =
        event_convolution_output(s, first_at, channel, weight, window, t, f);
  }
}

__global__ void weight_gradient(EventConvolutionShape s, const int32_t* first_of, const int32_t* window_time,
                                const float* output_gradient, float* gradient) {
  const int64_t channel = blockIdx.x / s.taps, tap = blockIdx.x % s.taps;
  for (int64_t f = threadIdx.x; f < s.features; f += blockDim.x) {
    gradient[blockIdx.x * s.features + f] =
        event_convolution_gradient(s, first_of, window_time, output_gradient, channel, tap, f);
  }
}

unsigned threads_for(const EventConvolutionShape& s) {
  return static_cast<unsigned>(s.features < kMostThreads ? s.features : kMostThreads);
}

}  // namespace

void event_convolution_forward_cuda(const EventConvolutionShape& s, const int32_t* first_at,
                                    const int32_t* channel, const float* weight, float* output) {
  const auto blocks = static_cast<unsigned>(s.windows * s.duration);
  if (blocks > 0) forward<<<blocks, threads_for(s)>>>(s, first_at, channel, weight, output);
}

void event_convolution_weight_gradient_cuda(const EventConvolutionShape& s, const int32_t* first_of,
                                            const int32_t* window_time, const float* output_gradient,
                                            float* gradient) {
  const auto blocks = static_cast<unsigned>(s.channels * s.taps);
  if (blocks > 0) {
    weight_gradient<<<blocks, threads_for(s)>>>(s, first_of, window_time, output_gradient, gradient);
  }
}

}  // namespace neurontwin
