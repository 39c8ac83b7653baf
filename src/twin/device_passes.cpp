#include "twin/device_passes.hpp"

#include <numeric>

#include "config/error.hpp"
#include "twin/detail/convolutional_device_passes.hpp"
#include "twin/detail/recurrent_device_passes.hpp"
#include "twin/detail/stream_events.hpp"

namespace nt::twin {

namespace {

/// Of events (window, channel, time): those of each channel, as DeviceInput has them.
StreamEvents by_channel(const StreamEvents& by_window, int64_t channels) {
  StreamEvents all{std::vector<int64_t>(static_cast<size_t>(channels) + 1, 0),
                   std::vector<int32_t>(by_window.event.size())};
  for (size_t e = 0; e < by_window.event.size(); e += 2)
    ++all.first[static_cast<size_t>(by_window.event[e]) + 1];
  std::partial_sum(all.first.begin(), all.first.end(), all.first.begin());
  auto next = all.first;
  for (size_t w = 0; w + 1 < by_window.first.size(); ++w)
    for (auto e = by_window.first[w]; e < by_window.first[w + 1]; ++e) {
      const auto* event = &by_window.event[2 * static_cast<size_t>(e)];
      const auto to = 2 * static_cast<size_t>(next[static_cast<size_t>(event[0])]++);
      all.event[to] = static_cast<int32_t>(w);
      all.event[to + 1] = event[1];
    }
  return all;
}

}  // namespace

DeviceInput::DeviceInput(device::Kind kind, int64_t channels, int64_t history_ms)
    : device_(device::open_device(kind)), channels_(channels), history_ms_(history_ms) {}

void DeviceInput::upload(const SpikeWindows& input) {
  windows_ = input.windows;
  window_ms_ = input.window_ms;
  std::vector<int32_t> inside;
  for (size_t e = 0; e + 2 < input.events.size(); e += 3)
    if (input.events[e + 2] >= 0 && input.events[e + 2] < history_ms_ + window_ms_)
      inside.insert(inside.end(), {input.events[e], input.events[e + 1], input.events[e + 2]});
  const auto keep = [&](const StreamEvents& sorted, device::Array<int64_t>& first,
                        device::Array<int32_t>& event) {
    first.make_room(device_, sorted.first.size());
    first.upload(sorted.first);
    event.make_room(device_, sorted.event.size());
    event.upload(sorted.event);
  };
  const auto by_window = stream_events(inside, windows_);
  keep(by_window, first_event_, event_);
  keep(by_channel(by_window, channels_), first_of_channel_, of_channel_);
}

bool has_device_passes(const TwinSpec& spec) {
  return spec.as<RecurrentSpec>() != nullptr || spec.as<ConvolutionalSpec>() != nullptr;
}

void require_device_passes(const TwinSpec& spec) {
  if (!has_device_passes(spec))
    fail_input("{} twins have no code to train them on a GPU yet; use --device cpu", spec.network->kind());
}

std::unique_ptr<DevicePasses> device_passes(const Twin& twin, std::shared_ptr<device::Device> device) {
  const auto& spec = twin.spec();
  require_device_passes(spec);
  if (const auto* recurrent = spec.as<RecurrentSpec>())
    return std::make_unique<RecurrentDevicePasses>(*recurrent, spec.heads, twin.layout(), std::move(device));
  auto products = device->architecture().empty() ? nullptr : device::open_products(*device);
  return std::make_unique<ConvolutionalDevicePasses>(*spec.as<ConvolutionalSpec>(), spec.heads, twin.layout(),
                                                     twin.channels(), std::move(device), std::move(products));
}

}  // namespace nt::twin
