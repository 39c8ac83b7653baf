#pragma once
#include <array>

#include "twin/detail/after_leaky.hpp"
#include "twin/detail/event_layer.hpp"
#include "twin/detail/merge_layer.hpp"
#include "twin/tree.hpp"

namespace nt::twin {

/// The spikes of synapses on the leaves of a tree: those of a window on a leaf are a window of their own, and
/// each contact is a channel. Sorted by window and leaf; else in the order in which they come.
///   events  [n][3]  (window, channel, time)
///   result  [n][3]  (window x leaves + leaf, contact, time)
std::vector<int32_t> spikes_on_leaves(const Wiring& leaves, int64_t windows, std::span<const int32_t> events);

/// The passes of a tree-shaped twin.
template <class T>
class TreeNetwork final : public Network<T> {
 public:
  TreeNetwork(const TreeSpec& spec, const ParameterLayout& layout);

  /// The first layer's filters, written out: [contact][tap][channel].
  std::vector<double> filters(const T* numbers) const;

  int64_t drive_ms(int64_t window_ms) const override;
  int64_t drive_width() const override { return spec_.layer_width(0); }
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
  /// What a layer leaves in the arena: [window][ms][node][channel].
  struct Pass {
    int64_t duration = 0;  // of its output
    T *x = nullptr, *y = nullptr;
    AfterConvolutionMemory<T> memory = {};
  };
  template <class>
  friend class TreeStream;

  /// `numbers` may be written to only where normalisation is by the batch.
  AfterConvolution<T> after(size_t layer, const T* numbers) const;
  AfterConvolutionGradients<T> after_gradients(size_t layer, T* gradients) const;
  MergeShape merge_shape(size_t layer) const;
  /// Of all leaves, each with windows of its own.
  EventLayerShape event_shape() const;

  TreeSpec spec_;
  TemporalBasis basis_;  // no shapes where every tap is free
  std::vector<Places> places_;
  Arena arena_;
  int64_t windows_ = 0, window_ms_ = 0;
  EventLayerBuffers<T> event_buffers_;
  T* by_leaf_ = nullptr;  // the drive, or its gradient, [window][leaf][ms][channel]
  std::vector<Pass> passes_;
  // Of the layer that the backward pass has come to.
  T *x_gradient_ = nullptr, *y_gradient_ = nullptr;
};

}  // namespace nt::twin
