#pragma once
#include <memory>

#include "dataset/windows.hpp"
#include "device/device.hpp"
#include "twin/spec.hpp"

namespace nt::twin {

/// Part of what a result is known by. Raise it when the same weights come to other answers.
inline constexpr int kTwinVersion = 2;

/// All heads' outputs to windows of input, in the twin's memory until its next pass: [window][ms][output],
/// head beside head.
template <class T>
struct Outputs {
  const T* values = nullptr;
  int64_t rows = 0, row = 0;  // windows x ms; outputs of all heads

  T at(int64_t r, int64_t output) const { return values[r * row + output]; }
};

/// A twin with its numbers. Moved, not copied; computes on the threads of `parallel`.
template <class T>
class TwinOf {
 public:
  /// Numbers to start training with are drawn from `seed`, the same on every machine. RunError if the network
  /// cannot take so many channels.
  TwinOf(TwinSpec spec, int64_t channels, uint64_t seed, Parallel parallel = {});

  const TwinSpec& spec() const { return spec_; }
  const NetworkSpec& network() const { return *spec_.network; }
  const ParameterLayout& layout() const { return layout_; }
  int64_t channels() const { return channels_; }
  int64_t history_ms() const { return network().window_ms() - 1; }
  /// Numbers that are learned.
  int64_t parameter_count() const { return layout_.trained_count(); }
  std::span<T> array(std::string_view name);
  std::span<const T> array(std::string_view name) const;
  /// Where a head's outputs begin among all.
  int64_t first_output(std::string_view head) const;

  /// A pass over windows whose input begins history_ms() before them. After one with `backward`,
  /// backward() may follow, once.
  Outputs<T> forward(const SpikeWindows& input, NormBy norm = NormBy::running, bool backward = false);
  Outputs<T> forward(const dataset::WindowBatch& batch, NormBy norm = NormBy::running, bool backward = false);
  /// Gradients of all trained numbers, [layout().trained()], overwritten, from those of the outputs,
  /// [window][ms][output].
  void backward(std::span<const T> output_gradient, std::span<T> gradients);

  /// The pass in two steps, for whoever asks what single spikes do. The drive is linear in the spikes:
  /// [window][drive_ms][drive_width], see Network.
  int64_t drive_ms(int64_t window_ms) const { return passes_->drive_ms(window_ms); }
  int64_t drive_width() const { return passes_->drive_width(); }
  std::vector<T> drive(const SpikeWindows& input);
  /// The outputs that a drive leads to, normalised by the running averages.
  Outputs<T> forward_from_drive(std::span<const T> drive, int64_t windows, int64_t window_ms,
                                bool backward = false);
  /// After forward_from_drive(): the drive's gradient from that of the outputs.
  std::vector<T> backward_to_drive(std::span<const T> output_gradient);
  /// What each spike adds to the drive, times the drive's gradient: [spike].
  std::vector<double> spike_gradients(const SpikeWindows& input, std::span<const T> drive_gradient) const {
    return passes_->spike_gradients(numbers.data(), input, drive_gradient);
  }
  /// After a pass: what each hidden layer handed on, [window][ms][feature].
  std::vector<HiddenSignal<T>> hidden() const { return passes_->hidden(); }

  /// Inputs that go on and on, side by side. The twin must stay where it is and as it is meanwhile.
  class Stream {
   public:
    Stream(TwinOf& twin, int64_t streams);
    /// The next ms of each stream: events [n][3] (stream, channel, ms from now), sorted by stream. Outputs
    /// [stream][ms][output], until the next call.
    Outputs<T> advance(std::span<const int32_t> events, int64_t ms);
    int64_t streams() const { return streams_; }
    /// All that one of the streams remembers, for any stream of the same twin to go on from.
    std::vector<T> state(int64_t stream) const { return network_->state(stream); }
    void set_state(int64_t stream, std::span<const T> state) { network_->set_state(stream, state); }

   private:
    TwinOf& twin_;
    int64_t streams_;
    std::unique_ptr<NetworkStream<T>> network_;
    HeadsLayer<T> heads_;
    std::vector<T> outputs_;
  };

  Numbers<T> numbers;  // as layout() says
  Parallel parallel;
  /// What computes predictions, of a kind of twin that has device code for streams; null: the threads.
  std::shared_ptr<device::Device> device;

 private:
  void plan(int64_t windows, int64_t window_ms, bool backward);
  Outputs<T> answer(NormBy norm);

  TwinSpec spec_;
  int64_t channels_;
  ParameterLayout layout_;
  std::unique_ptr<Network<T>> passes_;
  HeadsLayer<T> heads_;
  Arena arena_;  // of the heads
  // The pass that is planned and what it saw.
  int64_t windows_ = 0, window_ms_ = 0;
  bool backward_ = false;
  SpikeWindows input_;
  const T* x_ = nullptr;  // what the heads saw
};
using Twin = TwinOf<float>;

extern template class TwinOf<float>;
extern template class TwinOf<double>;

/// The same twin in the other precision.
TwinOf<double> in_double(const Twin& twin);

/// Events and sizes of a batch as a twin takes them.
SpikeWindows windows_of(const dataset::WindowBatch& batch);

/// What a twin says to windows of input, with batch normalisation at its running averages.
struct Prediction {
  std::vector<float> spike_log_odds;  // [window][ms]
  std::vector<float> soma_mV;         // [window][ms]
  /// Of each head beside these two, by name: [window][ms][output].
  std::map<std::string, std::vector<float>, std::less<>> further;

  /// Empty if there is no such head.
  std::span<const float> of(std::string_view head) const;
};
/// By the twin's device, or on the CPU.
Prediction predict(Twin& twin, const SpikeWindows& input);
/// Of outputs.
Prediction prediction_of(const Twin& twin, const Outputs<float>& outputs);
/// Of a whole trial, on the CPU.
Prediction predict_trial(Twin& twin, const dataset::Split& split, size_t trial);

}  // namespace nt::twin
