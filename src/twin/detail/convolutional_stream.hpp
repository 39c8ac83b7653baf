#pragma once
#include "twin/detail/convolution_stream.hpp"
#include "twin/detail/convolutional_network.hpp"
#include "twin/detail/event_stream.hpp"

namespace nt::twin {

/// A convolutional twin's passes over input that goes on: each layer keeps what of its own input the next ms
/// look back on.
template <class T>
class ConvolutionalStream final : public NetworkStream<T> {
 public:
  ConvolutionalStream(const ConvolutionalNetwork<T>& network, const T* numbers, int64_t streams,
                      const Parallel& parallel);
  void advance(const SpikeWindows& spikes, const HeadsLayer<T>& heads, T* outputs,
               const Parallel& parallel) override;
  std::vector<T> state(int64_t stream) const override;
  void set_state(int64_t stream, std::span<const T> state) override;

 private:
  /// The next ms of the last layer, [stream][ms][feature], to be read before the next call.
  const T* features(const SpikeWindows& spikes, const Parallel& parallel);
  struct Layer {
    int64_t features = 0;
    const T* bias = nullptr;
    std::vector<T> factor, offset;  // of normalisation; empty: none
    bool adds_input = false;
    // Of all but the first:
    SlidingRows<T> input;
    const T* weight = nullptr;  // laid out
  };
  ConvolutionStreamShape shape_of(size_t layer, int64_t ms) const;
  void append(Layer& layer, const T* rows, int64_t ms) const;

  const ConvolutionalNetwork<T>& network_;
  int64_t streams_;
  EventStream<T> first_;
  std::vector<Layer> layers_;
  Arena weights_, arena_;
};

}  // namespace nt::twin
