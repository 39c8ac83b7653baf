#pragma once
#include <array>

#include "twin/after_convolution.hpp"
#include "twin/convolutional.hpp"
#include "twin/detail/convolution_layer.hpp"
#include "twin/detail/event_layer.hpp"

namespace nt::twin {

/// The passes of a convolutional twin.
template <class T>
class ConvolutionalNetwork final : public Network<T> {
 public:
  ConvolutionalNetwork(const ConvolutionalSpec& spec, const ParameterLayout& layout, int64_t channels);

  /// The first layer's, written out: [channel][tap][feature].
  std::vector<double> filters(const T* numbers) const;

  int64_t drive_ms(int64_t window_ms) const override;
  int64_t drive_width() const override { return spec_.layers.front().features; }
  void plan(int64_t windows, int64_t window_ms, bool backward) override;
  T* drive(const T* numbers, const SpikeWindows& input, const Parallel& parallel) override;
  T* drive_buffer() override { return passes_.front().x; }
  const T* above(T* numbers, NormBy norm, const Parallel& parallel) override;
  const T* above_backward(const T* numbers, T* feature_gradient, T* gradients,
                          const Parallel& parallel) override;
  void drive_backward(const T* numbers, const SpikeWindows& input, const T* drive_gradient, T* gradients,
                      const Parallel& parallel) override;
  std::vector<double> spike_gradients(const T* numbers, const SpikeWindows& input,
                                      std::span<const T> drive_gradient) const override;
  std::vector<HiddenSignal<T>> hidden() const override;
  std::unique_ptr<NetworkStream<T>> stream(const T* numbers, int64_t streams,
                                           const Parallel& parallel) const override;

 private:
  /// Where a layer's numbers lie.
  struct Places {
    int64_t weight, bias, scale = -1, shift = -1, mean = -1, variance = -1;
  };
  /// What a layer leaves in the arena.
  struct Pass {
    int64_t duration = 0;  // of its output
    T *x = nullptr, *y = nullptr;
    ConvolutionBuffers<T> buffers = {};
    AfterConvolutionMemory<T> memory = {};
  };
  template <class>
  friend class ConvolutionalStream;

  /// `numbers` may be written to only where normalisation is by the batch.
  AfterConvolution<T> after(size_t layer, const T* numbers) const;
  AfterConvolutionGradients<T> after_gradients(size_t layer, T* gradients) const;
  ConvolutionShape shape_of(size_t layer) const;
  EventLayerShape event_shape() const;

  ConvolutionalSpec spec_;
  int64_t channels_;
  TemporalBasis basis_;  // no shapes where every tap is free
  std::vector<Places> places_;
  Arena arena_;
  int64_t windows_ = 0, window_ms_ = 0;
  EventLayerBuffers<T> event_buffers_;
  std::vector<Pass> passes_;
  // Of the layer that the backward pass has come to. Two, since a residual layer hands its own on.
  T* x_gradient_ = nullptr;
  std::array<T*, 2> y_gradient_{};
};

}  // namespace nt::twin
