#include "twin/twin.hpp"

#include <algorithm>
#include <array>

namespace nt::twin {
namespace {

ParameterLayout layout_of(const TwinSpec& spec, int64_t channels) {
  spec.network->require_channels(channels);
  return ParameterLayout(spec.arrays(channels));
}

std::vector<float> drawn_numbers(const TwinSpec& spec, const ParameterLayout& layout, uint64_t seed) {
  std::vector<float> numbers(layout.total());
  uint32_t stream = 0;
  spec.network->draw(layout, numbers, seed, stream);
  for (const auto& head : spec.heads) {
    const auto array = [&](const char* what, int64_t count) {
      return std::span(numbers).subspan(layout.offset(head.name + what), count);
    };
    draw_weights(
        array("_weight", spec.network->features() * head.outputs), head.weight_sd,
        random::Random(seed, random::Stage::twin_weights, 0, {random::StreamName::weights, stream++}));
    std::ranges::fill(array("_bias", head.outputs), static_cast<float>(head.bias));
  }
  return numbers;
}

}  // namespace

template <class T>
TwinOf<T>::TwinOf(TwinSpec spec, int64_t channels, uint64_t seed, Parallel parallel_)
    : parallel(std::move(parallel_)),
      spec_(std::move(spec)),
      channels_(channels),
      layout_(layout_of(spec_, channels)),
      passes_(network().network(layout_, channels, T())),
      heads_(spec_.heads, layout_, network().features()) {
  const auto drawn = drawn_numbers(spec_, layout_, seed);
  numbers.assign(drawn.begin(), drawn.end());
}

template <class T>
std::span<T> TwinOf<T>::array(std::string_view name) {
  const auto& all = layout_.arrays();
  const auto found = std::ranges::find_if(all, [&](const auto& a) { return a.array.name == name; });
  return std::span(numbers).subspan(layout_.offset(name), found->count());
}

template <class T>
std::span<const T> TwinOf<T>::array(std::string_view name) const {
  return const_cast<TwinOf*>(this)->array(name);
}

template <class T>
int64_t TwinOf<T>::first_output(std::string_view name) const {
  int64_t first = 0;
  for (const auto& head : spec_.heads) {
    if (head.name == name) return first;
    first += head.outputs;
  }
  fail_run("the twin has no head called '{}'", name);
}

template <class T>
void TwinOf<T>::plan(int64_t windows, int64_t window_ms, bool backward) {
  if (windows == windows_ && window_ms == window_ms_ && backward == backward_) return;
  windows_ = windows;
  window_ms_ = window_ms;
  backward_ = backward;
  passes_->plan(windows, window_ms, backward);
  arena_.plan([&](Arena& arena) { heads_.plan(arena, windows * window_ms, backward); });
}

template <class T>
Outputs<T> TwinOf<T>::answer(NormBy norm) {
  const int64_t rows = windows_ * window_ms_;
  x_ = passes_->above(numbers.data(), norm, parallel);
  return {heads_.forward(numbers.data(), x_, rows, parallel), rows, heads_.outputs()};
}

template <class T>
Outputs<T> TwinOf<T>::forward(const SpikeWindows& input, NormBy norm, bool backward) {
  plan(input.windows, input.window_ms, backward);
  input_ = input;
  passes_->drive(numbers.data(), input, parallel);
  return answer(norm);
}

template <class T>
Outputs<T> TwinOf<T>::forward(const dataset::WindowBatch& batch, NormBy norm, bool backward) {
  if (batch.history_ms != history_ms() || batch.channels != channels_) {
    fail_run("a batch of {} channels after {} ms does not fit a twin of {} channels and {} ms",
             batch.channels, batch.history_ms, channels_, history_ms());
  }
  return forward(windows_of(batch), norm, backward);
}

template <class T>
void TwinOf<T>::backward(std::span<const T> output_gradient, std::span<T> gradients) {
  T* of_x = heads_.backward(x_, output_gradient.data(), windows_ * window_ms_, gradients.data(), parallel);
  const T* of_drive = passes_->above_backward(numbers.data(), of_x, gradients.data(), parallel);
  passes_->drive_backward(numbers.data(), input_, of_drive, gradients.data(), parallel);
}

template <class T>
std::vector<T> TwinOf<T>::drive(const SpikeWindows& input) {
  plan(input.windows, input.window_ms, backward_);
  const T* x = passes_->drive(numbers.data(), input, parallel);
  return {x, x + input.windows * drive_ms(input.window_ms) * drive_width()};
}

template <class T>
Outputs<T> TwinOf<T>::forward_from_drive(std::span<const T> drive, int64_t windows, int64_t window_ms,
                                         bool backward) {
  plan(windows, window_ms, backward);
  std::ranges::copy(drive, passes_->drive_buffer());
  return answer(NormBy::running);
}

template <class T>
std::vector<T> TwinOf<T>::backward_to_drive(std::span<const T> output_gradient) {
  T* of_x = heads_.backward(x_, output_gradient.data(), windows_ * window_ms_, nullptr, parallel);
  const T* x = passes_->above_backward(numbers.data(), of_x, nullptr, parallel);
  return {x, x + windows_ * drive_ms(window_ms_) * drive_width()};
}

template <class T>
TwinOf<T>::Stream::Stream(TwinOf& twin, int64_t streams)
    : twin_(twin),
      streams_(streams),
      network_(twin.passes_->stream(twin.numbers.data(), streams, twin.parallel)),
      heads_(twin.spec_.heads, twin.layout_, twin.network().features()) {
  heads_.prepare(twin.numbers.data());
}

template <class T>
Outputs<T> TwinOf<T>::Stream::advance(std::span<const int32_t> events, int64_t ms) {
  const int64_t rows = streams_ * ms;
  outputs_.resize(rows * heads_.outputs());
  network_->advance({events, streams_, ms}, heads_, outputs_.data(), twin_.parallel);
  return {outputs_.data(), rows, heads_.outputs()};
}

template class TwinOf<float>;
template class TwinOf<double>;

TwinOf<double> in_double(const Twin& twin) {
  TwinOf<double> same(twin.spec(), twin.channels(), 0, twin.parallel);
  std::ranges::copy(twin.numbers, same.numbers.begin());
  return same;
}

SpikeWindows windows_of(const dataset::WindowBatch& batch) {
  return {batch.events, batch.windows, batch.window_ms};
}

std::span<const float> Prediction::of(std::string_view head) const {
  if (head == "spike") return spike_log_odds;
  if (head == "soma") return soma_mV;
  const auto found = further.find(head);
  return found == further.end() ? std::span<const float>() : found->second;
}

Prediction prediction_of(const Twin& twin, const Outputs<float>& outputs) {
  Prediction p;
  int64_t first = 0;
  for (const auto& head : twin.spec().heads) {
    auto& values = head.name == "spike"  ? p.spike_log_odds
                   : head.name == "soma" ? p.soma_mV
                                         : p.further[head.name];
    values.reserve(outputs.rows * head.outputs);
    for (int64_t r = 0; r < outputs.rows; ++r) {
      for (int64_t o = 0; o < head.outputs; ++o) values.push_back(outputs.at(r, first + o));
    }
    first += head.outputs;
  }
  return p;
}

Prediction predict_trial(Twin& twin, const dataset::Split& split, size_t trial) {
  const std::array<dataset::Window, 1> whole{dataset::Window{trial, 0}};
  const auto batch =
      dataset::gather(split, whole, {.history_ms = twin.history_ms(), .window_ms = split.duration_ms()});
  return prediction_of(twin, twin.forward(batch));
}

}  // namespace nt::twin
