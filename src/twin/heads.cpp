#include "twin/heads.hpp"

#include <algorithm>

#include "twin/detail/causal_convolution.hpp"
#include "twin/detail/convolution_stream.hpp"

namespace nt::twin {
namespace {

Head start_of(const HeadKind& kind) {
  return {kind.name, 0, kind.offset, kind.weight_sd, kind.bias};
}

}  // namespace

const HeadKind& head_kind(std::string_view name) {
  const auto found = std::ranges::find(head_kinds(), name, &HeadKind::name);
  if (found == head_kinds().end()) fail_run("no head is called '{}'", name);
  return *found;
}

std::vector<Head> read_heads(const config::Settings& twin) {
  std::vector<Head> heads;
  for (const auto& kind : head_kinds()) {
    auto& head = heads.emplace_back(start_of(kind));
    if (!kind.weight_sd_key.empty())
      head.weight_sd = twin.number(kind.weight_sd_key, head.weight_sd, config::kNotNegative);
    if (!kind.bias_key.empty()) head.bias = twin.number(kind.bias_key, head.bias);
    if (!kind.offset_key.empty()) head.offset = twin.number(kind.offset_key, head.offset);
  }
  return heads;
}

std::vector<Head> heads_asked_for(std::span<const Head> all, const HeadSettings& settings,
                                  const std::function<int64_t(std::string_view)>& values_per_ms) {
  std::vector<Head> heads;
  for (auto head : all) {
    const auto& kind = head_kind(head.name);
    head.outputs = kind.outputs(settings, kind.signal.empty() ? 0 : values_per_ms(kind.signal));
    if (head.outputs > 0) heads.push_back(std::move(head));
  }
  return heads;
}

std::vector<Head> usual_heads() {
  std::vector<Head> all;
  for (const auto& kind : head_kinds()) all.push_back(start_of(kind));
  return heads_asked_for(all, usual_head_settings(), [](std::string_view) { return 0; });
}

HeadSettings read_head_settings(const config::Settings& train) {
  HeadSettings all;
  for (const auto& kind : head_kinds()) {
    for (const auto& s : kind.settings) {
      all[s.key] = s.integer
                       ? static_cast<double>(train.integer(s.key, static_cast<int64_t>(s.value), s.range))
                       : train.number(s.key, s.value, s.range);
    }
    if (!kind.in_schedule && kind.quiet && !train.has(kind.weight_key))
      all[kind.weight_key] = kind.weight;
    else if (!kind.in_schedule)
      all[kind.weight_key] = train.number(kind.weight_key, kind.weight, config::kNotNegative);
  }
  return all;
}

HeadSettings usual_head_settings() {
  HeadSettings all;
  for (const auto& kind : head_kinds()) {
    for (const auto& s : kind.settings) all[s.key] = s.value;
    if (!kind.in_schedule) all[kind.weight_key] = kind.weight;
  }
  return all;
}

std::vector<ParameterArray> head_arrays(std::span<const Head> heads, int64_t features) {
  std::vector<ParameterArray> all;
  for (const auto& head : heads) {
    const bool single = head_kind(head.name).single;
    if (single && head.outputs != 1)
      fail_run("the head '{}' has {} outputs, expected 1", head.name, head.outputs);
    all.push_back(
        {{head.name + "_weight", single ? std::vector{features} : std::vector{features, head.outputs}}});
    all.push_back({{head.name + "_bias", single ? std::vector<int64_t>{} : std::vector{head.outputs}}});
  }
  return all;
}

int64_t outputs_of(std::span<const Head> heads) {
  int64_t outputs = 0;
  for (const auto& head : heads) outputs += head.outputs;
  return outputs;
}

template <class T>
HeadsLayer<T>::HeadsLayer(std::span<const Head> heads, const ParameterLayout& layout, int64_t features)
    : features_(features) {
  for (const auto& head : heads) {
    places_.push_back({layout.offset(head.name + "_weight"), layout.offset(head.name + "_bias"), head.outputs,
                       outputs_, head.offset});
    outputs_ += head.outputs;
  }
}

template <class T>
void HeadsLayer<T>::plan(Arena& arena, int64_t rows, bool backward) {
  weight_ = arena.take<T>(features_ * outputs_);
  answers_ = arena.take<T>(rows * outputs_);
  if (!backward) return;
  x_gradient_ = arena.take<T>(rows * features_);
  weight_gradient_ = arena.take<T>(features_ * outputs_);
}

template <class T>
void HeadsLayer<T>::gather(const T* numbers, T* weight, T* constant) const {
  for (const auto& p : places_) {
    for (int64_t f = 0; f < features_; ++f)
      std::copy_n(numbers + p.weight + f * p.outputs, p.outputs, weight + f * outputs_ + p.first);
    for (int64_t o = 0; o < p.outputs; ++o)
      constant[p.first + o] = numbers[p.bias + o] + static_cast<T>(p.offset);
  }
}

template <class T>
const T* HeadsLayer<T>::forward(const T* numbers, const T* x, int64_t rows, const Parallel& parallel) {
  std::vector<T> constant(outputs_);
  gather(numbers, weight_, constant.data());
  causal_convolution_forward<T>({1, rows, 1, features_, outputs_}, x, weight_, answers_, 0, parallel);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t o = 0; o < outputs_; ++o) answers_[r * outputs_ + o] += constant[o];
  }
  return answers_;
}

template <class T>
void HeadsLayer<T>::prepare(const T* numbers) {
  const ConvolutionStreamShape shape{1, 1, 1, features_, outputs_, 1, 0};
  prepared_.plan([&](Arena& arena) {
    weight_ = arena.take<T>(features_ * outputs_);
    packed_ = arena.take<T>(packed_weights<T>(shape));
    constant_ = arena.take<T>(outputs_);
  });
  gather(numbers, weight_, constant_);
  pack_weights(shape, weight_, packed_);
}

template <class T>
void HeadsLayer<T>::prepared_forward(const T* x, int64_t rows, T* outputs, const Parallel& parallel) const {
  convolution_stream<T>({1, rows, 1, features_, outputs_, 1, 0}, x, packed_, outputs, parallel);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t o = 0; o < outputs_; ++o) outputs[r * outputs_ + o] += constant_[o];
  }
}

template <class T>
T* HeadsLayer<T>::backward(const T* x, const T* output_gradient, int64_t rows, T* gradients,
                           const Parallel& parallel) {
  const CausalConvolutionShape shape{1, rows, 1, features_, outputs_};
  causal_convolution_input_gradient<T>(shape, output_gradient, weight_, x_gradient_, 0, parallel);
  if (gradients == nullptr) return x_gradient_;
  causal_convolution_weight_gradient<T>(shape, x, output_gradient, weight_gradient_, 0, parallel);
  std::vector<double> bias(outputs_, 0.0);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t o = 0; o < outputs_; ++o) bias[o] += static_cast<double>(output_gradient[r * outputs_ + o]);
  }
  for (const auto& p : places_) {
    for (int64_t f = 0; f < features_; ++f)
      std::copy_n(weight_gradient_ + f * outputs_ + p.first, p.outputs, gradients + p.weight + f * p.outputs);
    for (int64_t o = 0; o < p.outputs; ++o) gradients[p.bias + o] = static_cast<T>(bias[p.first + o]);
  }
  return x_gradient_;
}

template class HeadsLayer<float>;
template class HeadsLayer<double>;

}  // namespace nt::twin
