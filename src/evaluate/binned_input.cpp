#include "evaluate/detail/binned_input.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "twin/tree.hpp"

namespace nt::evaluate {
namespace {

/// The passes of a network whose input is binned before.
template <class T>
class BinnedNetwork final : public twin::Network<T> {
 public:
  BinnedNetwork(std::unique_ptr<twin::Network<T>> network, const InputBins& bins, int64_t history_ms)
      : network_(std::move(network)), bins_(bins), history_ms_(history_ms) {}

  int64_t drive_ms(int64_t window_ms) const override { return network_->drive_ms(window_ms); }
  int64_t drive_width() const override { return network_->drive_width(); }
  void plan(int64_t windows, int64_t window_ms, bool backward) override {
    network_->plan(windows, window_ms, backward);
  }
  T* drive(const T* numbers, const twin::SpikeWindows& input, const twin::Parallel& parallel) override {
    const auto events = binned(input.events, bins_, history_ms_);
    return network_->drive(numbers, {events, input.windows, input.window_ms}, parallel);
  }
  T* drive_buffer() override { return network_->drive_buffer(); }
  const T* above(T* numbers, twin::NormBy norm, const twin::Parallel& parallel) override {
    return network_->above(numbers, norm, parallel);
  }
  const T* above_backward(const T* numbers, T* feature_gradient, T* gradients,
                          const twin::Parallel& parallel) override {
    return network_->above_backward(numbers, feature_gradient, gradients, parallel);
  }
  void drive_backward(const T* numbers, const twin::SpikeWindows& input, const T* drive_gradient,
                      T* gradients, const twin::Parallel& parallel) override {
    const auto events = binned(input.events, bins_, history_ms_);
    network_->drive_backward(numbers, {events, input.windows, input.window_ms}, drive_gradient, gradients,
                             parallel);
  }
  /// With binary inputs, of the bin that the spike is in.
  std::vector<double> spike_gradients(const T* numbers, const twin::SpikeWindows& input,
                                      std::span<const T> drive_gradient) const override {
    const auto events = binned(input.events, {bins_.bin_ms, false}, history_ms_);
    return network_->spike_gradients(numbers, {events, input.windows, input.window_ms}, drive_gradient);
  }
  std::vector<twin::HiddenSignal<T>> hidden() const override { return network_->hidden(); }
  std::unique_ptr<twin::NetworkStream<T>> stream(const T*, int64_t, const twin::Parallel&) const override {
    fail_run("a network of binned input knows what is yet to come in a bin; it answers whole trials alone");
  }

 private:
  std::unique_ptr<twin::Network<T>> network_;
  InputBins bins_;
  int64_t history_ms_;
};

/// Some network whose input is binned before; else the same.
struct BinnedSpec final : twin::NetworkSpec {
  twin::NetworkSpecPointer network_spec;
  InputBins bins;

  BinnedSpec(twin::NetworkSpecPointer network, const InputBins& bins_)
      : network_spec(std::move(network)), bins(bins_) {}

  std::string_view kind() const override { return "binned"; }
  std::string words() const override {
    return fmt::format("{}, {} in bins of {} ms", network_spec->words(),
                       bins.binary ? "binary input" : "rates", bins.bin_ms);
  }
  int64_t window_ms() const override { return network_spec->window_ms(); }
  int64_t depth() const override { return network_spec->depth(); }
  int64_t width() const override { return network_spec->width(); }
  int64_t units() const override { return network_spec->units(); }
  int64_t multiply_adds(int64_t channels) const override { return network_spec->multiply_adds(channels); }
  int64_t features() const override { return network_spec->features(); }
  std::vector<std::string> layer_names() const override { return network_spec->layer_names(); }
  std::vector<twin::ParameterArray> arrays(int64_t channels) const override {
    return network_spec->arrays(channels);
  }
  void draw(const twin::ParameterLayout& layout, std::span<float> numbers, uint64_t seed,
            uint32_t& stream) const override {
    network_spec->draw(layout, numbers, seed, stream);
  }
  std::unique_ptr<twin::Network<float>> network(const twin::ParameterLayout& layout, int64_t channels,
                                                float) const override {
    return made<float>(layout, channels);
  }
  std::unique_ptr<twin::Network<double>> network(const twin::ParameterLayout& layout, int64_t channels,
                                                 double) const override {
    return made<double>(layout, channels);
  }
  void require_channels(int64_t channels) const override { network_spec->require_channels(channels); }
  nlohmann::ordered_json to_json() const override {
    return {{"bin_ms", bins.bin_ms}, {"binary", bins.binary}, {"network", network_spec->to_json()}};
  }
  std::string add_to(twin::OnnxGraph&, const twin::ParameterLayout&, std::span<const float>,
                     int64_t) const override {
    fail_run("a network of binned input knows what is yet to come in a bin; it is not exported");
  }

 private:
  template <class T>
  std::unique_ptr<twin::Network<T>> made(const twin::ParameterLayout& layout, int64_t channels) const {
    return std::make_unique<BinnedNetwork<T>>(network_spec->network(layout, channels, T()), bins,
                                              window_ms() - 1);
  }
};

/// With the twin's heads of spike and voltage.
twin::TwinSpec with_bins(const twin::TwinSpec& twin, twin::NetworkSpecPointer network,
                         const InputBins& bins) {
  twin::TwinSpec spec(BinnedSpec(std::move(network), bins));
  spec.heads = twin.heads;
  std::erase_if(spec.heads,
                [](const twin::Head& head) { return head.name != "spike" && head.name != "soma"; });
  return spec;
}

}  // namespace

std::vector<int32_t> binned(std::span<const int32_t> events, const InputBins& bins, int64_t history_ms) {
  std::vector<int32_t> moved;
  moved.reserve(events.size());
  std::set<std::array<int32_t, 3>> seen;
  for (size_t e = 0; e + 2 < events.size(); e += 3) {
    const int64_t since = events[e + 2] - history_ms;
    const int64_t bin = since >= 0 ? since / bins.bin_ms : -((bins.bin_ms - 1 - since) / bins.bin_ms);
    // What comes before the window is of no bin.
    const int64_t time =
        events[e + 2] < 0 ? events[e + 2] : std::max<int64_t>(0, history_ms + bin * bins.bin_ms);
    const std::array event{events[e], events[e + 1], static_cast<int32_t>(time)};
    if (bins.binary && !seen.insert(event).second) continue;
    moved.insert(moved.end(), event.begin(), event.end());
  }
  return moved;
}

twin::TwinSpec rate_network(const twin::TwinSpec& twin, int64_t bin_ms) {
  return with_bins(twin, twin.network, {bin_ms, false});
}

twin::TwinSpec binary_network(const twin::TwinSpec& twin, int64_t bin_ms) {
  twin::ConvolutionalSpec spec({{1, 64}, {1, 64}, {1, 64}});
  if (const auto* same_kind = twin.as<twin::ConvolutionalSpec>()) {
    spec = *same_kind;
    if (spec.layers.size() == 1) spec.layers.push_back(spec.layers.front());
    spec.residual = false;
    spec.activation = twin::Activation::relu;
    spec.temporal_shapes = 0;
    for (auto& layer : spec.layers) layer.taps = layer.dilation = 1;
  }
  spec.batch_norm = true;
  spec.layers.front().taps = bin_ms;
  return with_bins(twin, std::make_shared<const twin::ConvolutionalSpec>(std::move(spec)), {bin_ms, true});
}

twin::TwinSpec k_tree_network(const twin::TwinSpec& twin, const dataset::CellTable& cell, int64_t trees,
                              int64_t bin_ms) {
  auto spec = twin::k_tree(cell, trees, bin_ms);
  spec.batch_norm = true;
  return with_bins(twin, std::make_shared<const twin::TreeSpec>(std::move(spec)), {bin_ms, true});
}

}  // namespace nt::evaluate
