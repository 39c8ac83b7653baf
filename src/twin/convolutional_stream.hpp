#pragma once
#include "twin/convolutional_network.hpp"

namespace neurontwin {

/// A convolutional twin's passes over input that goes on: each layer keeps what of its own input the next ms
/// look back on.
template <class T>
class ConvolutionalStream final : public NetworkStream<T> {
 public:
  ConvolutionalStream(const ConvolutionalNetwork<T>& network, const T* numbers, int64_t streams,
                      const Parallel& parallel);
  const T* advance(const SpikeWindows& spikes, const Parallel& parallel) override;

 private:
  /// The input of layer i > 0, [stream][reach + ms][feature], its end being the present.
  struct Past {
    int64_t reach_ms, features;
    std::vector<T> kept;  // [stream][reach][feature]
    T* input = nullptr;
  };
  void plan(int64_t ms);
  void take_spikes(const SpikeWindows& spikes);
  const T* first_layer(int64_t ms, const Parallel& parallel);
  void append(Past& past, const T* rows, int64_t ms);
  void forget_spikes(int64_t ms);

  const ConvolutionalNetwork<T>& network_;
  const T* numbers_;
  int64_t streams_, planned_ms_ = 0;
  Arena arena_;
  EventLayerBuffers<T> event_buffers_;
  std::vector<int32_t> spikes_;  // of the first layer's taps, as it takes them
  std::vector<Past> past_;       // of layers 1, 2, ..
  std::vector<ConvolutionBuffers<T>> buffers_;
  std::vector<T*> x_, y_;  // of each layer
};

}  // namespace neurontwin
