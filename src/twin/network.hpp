#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "twin/heads.hpp"
#include "twin/parallel.hpp"

namespace nt::twin {

/// Windows of input spikes.
///   events  [n][3]  (window, channel, time), sorted by window; time runs from 0 to history + window_ms
struct SpikeWindows {
  std::span<const int32_t> events;
  int64_t windows = 0, window_ms = 0;
};

/// What batch normalisation takes averages and variances from: the batch itself, moving the running ones
/// along; or the running ones.
enum class NormBy : uint8_t { batch, running };

/// What a hidden layer hands on: [window][ms][feature], of the window_ms.
template <class T>
struct HiddenSignal {
  std::string name;
  int64_t features;
  std::vector<T> values;
};

/// The last `window_ms` of each window of a signal [window][duration_ms][width].
template <class T>
HiddenSignal<T> last_of_windows(std::string name, const T* signal, int64_t windows, int64_t duration_ms,
                                int64_t window_ms, int64_t width) {
  HiddenSignal<T> last{std::move(name), width, {}};
  for (int64_t w = 0; w < windows; ++w) {
    const T* end = signal + (w + 1) * duration_ms * width;
    last.values.insert(last.values.end(), end - window_ms * width, end);
  }
  return last;
}

/// A network for inputs that go on and on, side by side, from silence on.
template <class T>
class NetworkStream {
 public:
  virtual ~NetworkStream() = default;
  /// The next `ms` of each stream. `spikes.windows` is the number of streams, and times count from the last
  /// call's end. What the prepared heads say goes to `outputs`, [stream][ms][output], overwritten.
  virtual void advance(const SpikeWindows& spikes, const HeadsLayer<T>& heads, T* outputs,
                       const Parallel& parallel) = 0;
  /// All that one of the streams remembers, for another stream of the same network to go on from.
  virtual std::vector<T> state(int64_t stream) const = 0;
  virtual void set_state(int64_t stream, std::span<const T> state) = 0;
};

/// The part of a twin below its heads, of one kind and precision. Its numbers lie outside: `numbers` is the
/// twin's block (parameters.hpp), `gradients` one like its trained part.
///
/// A pass has two steps. The drive is linear in the input spikes: [window][drive_ms][drive_width], of the
/// window_ms and, before it, of what later layers look back on. All else follows from it.
template <class T>
class Network {
 public:
  virtual ~Network() = default;

  virtual int64_t drive_ms(int64_t window_ms) const = 0;
  virtual int64_t drive_width() const = 0;

  /// Makes room for such passes. `backward`: and for gradients.
  virtual void plan(int64_t windows, int64_t window_ms, bool backward) = 0;
  /// Computes the drive; it is used up by above().
  virtual T* drive(const T* numbers, const SpikeWindows& input, const Parallel& parallel) = 0;
  /// Room for a drive that comes from elsewhere.
  virtual T* drive_buffer() = 0;
  /// What the heads see, [window][ms][feature]. With NormBy::batch it moves the running averages in
  /// `numbers`.
  virtual const T* above(T* numbers, NormBy norm, const Parallel& parallel) = 0;
  /// From the gradient of what the heads see, which it may use up, to that of the drive, which it returns, in
  /// the network's own memory. If `gradients` is not null, it overwrites those of all arrays but the drive's
  /// own. The drive's gradient is what a change of the drive at one ms does by itself: that a sum is carried
  /// on to the next ms is for drive_backward() and spike_gradients() to go back through.
  virtual const T* above_backward(const T* numbers, T* feature_gradient, T* gradients,
                                  const Parallel& parallel) = 0;
  /// Gradients of the drive's own arrays, overwritten, from what above_backward() returned.
  virtual void drive_backward(const T* numbers, const SpikeWindows& input, const T* drive_gradient,
                              T* gradients, const Parallel& parallel) = 0;
  /// What each spike of the input adds to the drive, times the drive's gradient: [spike]. Of any windows, not
  /// only of those planned for; 0 for a spike outside of its window.
  virtual std::vector<double> spike_gradients(const T* numbers, const SpikeWindows& input,
                                              std::span<const T> drive_gradient) const = 0;
  /// After above(): what each hidden layer hands on.
  virtual std::vector<HiddenSignal<T>> hidden() const = 0;

  /// Begins after window_ms() - 1 ms of silence. Network and numbers must outlive the stream.
  virtual std::unique_ptr<NetworkStream<T>> stream(const T* numbers, int64_t streams,
                                                   const Parallel& parallel) const = 0;
};

}  // namespace nt::twin
