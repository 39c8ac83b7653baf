#include "twin/detail/convolutional_device_stream.hpp"

#include <algorithm>
#include <cmath>

#include "device/built_in.hpp"
#include "twin/after_convolution.hpp"
#include "twin/detail/exponential_filter.hpp"
#include "twin/detail/heads_packing.hpp"
#include "twin/detail/stream_events.hpp"
#include "twin/temporal_basis.hpp"

NT_DECLARE_KERNEL(convolutional_stream, neurontwin_convolutional_stream)

namespace nt::twin {
namespace {

using device_code::kSide;

constexpr int kThreads = 128;  // of a block

}  // namespace

ConvolutionalDeviceStream::ConvolutionalDeviceStream(Twin& twin, const ConvolutionalSpec& spec,
                                                     int64_t streams, std::shared_ptr<device::Device> device)
    : spec_(spec), device_(std::move(device)) {
  auto& a = arguments_;
  a.streams = streams;
  a.relu = spec.activation == Activation::relu;
  a.shapes = static_cast<int>(spec.temporal_shapes);
  add_layers(twin);
  add_heads(twin);
  const int64_t blocks = (streams + kSide - 1) / kSide;
  state_ = {device_, static_cast<size_t>(blocks * a.state_count)};
  state_.fill_zero();
  a.state = state_.data();
  // All begin alike: as one stream on the CPU does.
  const auto silent = Twin::Stream(twin, 1).state(0);
  std::vector<float> block(static_cast<size_t>(a.state_count), 0.0f);
  for (int64_t s = 0; s < kSide; ++s) {
    size_t i = 0;
    for_each_number(s, [&](int64_t place) { block[static_cast<size_t>(place)] = silent[i++]; });
  }
  for (int64_t b = 0; b < blocks; ++b) state_.upload(block, static_cast<size_t>(b * a.state_count));
}

const float* ConvolutionalDeviceStream::kept(std::span<const float> values) {
  numbers_.emplace_back(device_, values);
  return numbers_.back().data();
}

void ConvolutionalDeviceStream::add_layers(const Twin& twin) {
  auto& a = arguments_;
  const auto basis = spec_.temporal_shapes > 0 ? temporal_basis(spec_.layers[0].taps, spec_.temporal_shapes)
                                               : TemporalBasis{};
  for (size_t i = 0; i < spec_.layers.size(); ++i) {
    const auto& l = spec_.layers[i];
    const auto array = [&](const char* name) { return twin.array(fmt::format("layer{}_{}", i + 1, name)); };
    device_code::ConvolutionalLayer layer{};
    layer.taps = static_cast<int>(l.taps);
    layer.features = static_cast<int>(l.features);
    layer.dilation = static_cast<int>(l.dilation);
    layer.inputs = i == 0 ? layer.features : static_cast<int>(spec_.layers[i - 1].features);
    layer.adds_input = spec_.adds_input(i);
    layer.rows = static_cast<int>(i == 0 ? l.taps : l.reach_ms() + 1);
    layer.bias = kept(array("bias"));
    if (i == 0 && a.shapes > 0) {
      const auto weight = array("weight");
      std::vector<float> mixed(weight.size());
      mix_rows(twin.channels(), a.shapes, a.shapes, l.features, basis.mixture.data(), weight.data(),
               mixed.data(), {});
      layer.weight = kept(mixed);
    } else {
      layer.weight = kept(array("weight"));
    }
    if (spec_.batch_norm) {
      const AfterConvolution<float> after{.scale = array("norm_scale").data(),
                                          .shift = array("norm_shift").data(),
                                          .mean = const_cast<float*>(array("norm_mean").data()),
                                          .variance = const_cast<float*>(array("norm_variance").data())};
      std::vector<float> factor, offset;
      running_normalisation(after, l.features, factor, offset);
      layer.factor = kept(factor);
      layer.offset = kept(offset);
    }
    layer.ring = a.state_count;
    a.state_count += int64_t{layer.rows} * layer.inputs * (i == 0 ? std::max(a.shapes, 1) : 1) * kSide;
    a.width = std::max(a.width, layer.features);
    layers_.push_back(layer);
  }
  a.sums = a.state_count;
  a.state_count += int64_t{a.shapes} * layers_[0].features * kSide;
  std::vector<float> keep, ended;
  for (const double decay : basis.decay) {
    keep.push_back(static_cast<float>(decay));
    ended.push_back(static_cast<float>(std::pow(decay, static_cast<double>(basis.taps))));
  }
  a.keep = kept(keep);
  a.ended = kept(ended);
  layer_ = {device_, std::span<const device_code::ConvolutionalLayer>(layers_)};
  a.layer = layer_.data();
  a.layers = static_cast<int>(layers_.size());
}

void ConvolutionalDeviceStream::add_heads(const Twin& twin) {
  const HeadsPacking packing(twin.spec().heads, twin.layout(), spec_.features());
  std::vector<float> packed(static_cast<size_t>(packing.count()));
  packing.pack(twin.numbers, packed);
  arguments_.outputs = static_cast<int>(packing.outputs());
  arguments_.head = kept(packed);
  arguments_.head_constant = arguments_.head + packing.outputs() * spec_.features();
}

std::vector<ConvolutionalDeviceStream::KeptRows> ConvolutionalDeviceStream::kept_rows() const {
  std::vector<KeptRows> all;
  const int64_t now = arguments_.now;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const auto& l = layers_[i];
    if (i > 0)
      all.push_back({l.ring, now - (l.rows - 1), l.inputs, l.rows, l.rows - 1});
    else if (arguments_.shapes > 0)
      all.push_back({l.ring, now - l.rows, l.inputs * arguments_.shapes, l.rows, l.rows});
    else
      all.push_back({l.ring, now, l.inputs, l.rows, l.rows - 1});
  }
  return all;
}

template <class Take>
void ConvolutionalDeviceStream::for_each_number(int64_t stream, Take&& take) const {
  const int64_t side = stream % kSide;
  const auto all = kept_rows();
  for (size_t i = 0; i < all.size(); ++i) {
    const auto& r = all[i];
    for (int64_t k = 0; k < r.kept; ++k) {
      const int64_t row = ((r.first + k) % r.rows + r.rows) % r.rows;
      for (int64_t f = 0; f < r.width; ++f) take(r.ring + (row * r.width + f) * kSide + side);
    }
    const int64_t sums = i == 0 ? int64_t{arguments_.shapes} * layers_[0].features : 0;
    for (int64_t f = 0; f < sums; ++f) take(arguments_.sums + f * kSide + side);
  }
}

void ConvolutionalDeviceStream::launch() {
  next_event_.upload(std::span(first_).first(first_.size() - 1));
  const auto& a = arguments_;
  device_->launch(
      NT_BUILT_IN(convolutional_stream, neurontwin_convolutional_stream),
      {(a.streams + kSide - 1) / kSide, kThreads, static_cast<size_t>(2 * a.width * kSide) * sizeof(float)},
      a);
  arguments_.now += a.ms;
}

void ConvolutionalDeviceStream::repeat() {
  launch();
  device_->wait();
}

Outputs<float> ConvolutionalDeviceStream::advance(std::span<const int32_t> events, int64_t ms) {
  auto& a = arguments_;
  auto sorted = stream_events(events, a.streams);
  first_ = std::move(sorted.first);
  first_event_.make_room(device_, first_.size());
  first_event_.upload(first_);
  next_event_.make_room(device_, first_.size());
  event_.make_room(device_, sorted.event.size());
  event_.upload(sorted.event);
  const size_t count = static_cast<size_t>(a.streams * ms * a.outputs);
  output_.make_room(device_, count);
  a.ms = static_cast<int>(ms);
  a.first_event = first_event_.data();
  a.next_event = next_event_.data();
  a.event = event_.data();
  a.output = output_.data();
  launch();
  by_ms_.resize(count);
  by_stream_.resize(count);
  output_.download(by_ms_);
  const int64_t rows = ms * a.outputs;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t s = 0; s < a.streams; ++s) by_stream_[s * rows + r] = by_ms_[r * a.streams + s];
  return {by_stream_.data(), a.streams * ms, a.outputs};
}

std::vector<float> ConvolutionalDeviceStream::states() const {
  std::vector<float> blocks(state_.size()), all;
  state_.download(blocks);
  for (int64_t s = 0; s < arguments_.streams; ++s) {
    const int64_t block = s / kSide * arguments_.state_count;
    for_each_number(s, [&](int64_t place) { all.push_back(blocks[static_cast<size_t>(block + place)]); });
  }
  return all;
}

void ConvolutionalDeviceStream::set_states(std::span<const float> states) {
  std::vector<float> blocks(state_.size());
  state_.download(blocks);
  size_t i = 0;
  for (int64_t s = 0; s < arguments_.streams; ++s) {
    const int64_t block = s / kSide * arguments_.state_count;
    for_each_number(s, [&](int64_t place) { blocks[static_cast<size_t>(block + place)] = states[i++]; });
  }
  state_.upload(blocks);
}

}  // namespace nt::twin
