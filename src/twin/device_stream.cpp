#include "twin/device_stream.hpp"

#include <algorithm>

#include "config/error.hpp"
#include "twin/detail/convolutional_device_stream.hpp"
#include "twin/detail/recurrent_device_stream.hpp"

namespace nt::twin {

bool has_device_stream(const TwinSpec& spec) {
  return spec.as<RecurrentSpec>() != nullptr || spec.as<ConvolutionalSpec>() != nullptr;
}

void require_device_stream(const TwinSpec& spec) {
  if (!has_device_stream(spec))
    fail_input("{} twins have no code for a GPU yet; use --device cpu", spec.network->kind());
}

std::unique_ptr<DeviceStream> device_stream(Twin& twin, int64_t streams,
                                            std::shared_ptr<device::Device> device) {
  require_device_stream(twin.spec());
  if (const auto* spec = twin.spec().as<RecurrentSpec>())
    return std::make_unique<RecurrentDeviceStream>(twin, *spec, streams, std::move(device));
  return std::make_unique<ConvolutionalDeviceStream>(twin, *twin.spec().as<ConvolutionalSpec>(), streams,
                                                     std::move(device));
}

StreamsOn::StreamsOn(Twin& twin, int64_t streams, std::shared_ptr<device::Device> device)
    : streams_(streams) {
  if (device != nullptr)
    on_device_ = device_stream(twin, streams, std::move(device));
  else
    on_cpu_.emplace(twin, streams);
}

Outputs<float> StreamsOn::advance(std::span<const int32_t> events, int64_t ms) {
  return on_device_ != nullptr ? on_device_->advance(events, ms) : on_cpu_->advance(events, ms);
}

std::vector<float> StreamsOn::states() const {
  if (on_device_ != nullptr) return on_device_->states();
  std::vector<float> all;
  for (int64_t s = 0; s < streams_; ++s) {
    const auto one = on_cpu_->state(s);
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

std::vector<float> StreamsOn::state(int64_t stream) const {
  if (on_cpu_) return on_cpu_->state(stream);
  const auto all = on_device_->states();
  const auto each = std::ssize(all) / streams_;
  return {all.begin() + stream * each, all.begin() + (stream + 1) * each};
}

void StreamsOn::set_state(int64_t stream, std::span<const float> state) {
  if (on_cpu_) return on_cpu_->set_state(stream, state);
  auto all = on_device_->states();
  std::ranges::copy(state, all.begin() + stream * std::ssize(state));
  on_device_->set_states(all);
}

void StreamsOn::set_states(std::span<const float> states) {
  if (on_device_ != nullptr) return on_device_->set_states(states);
  const size_t each = states.size() / static_cast<size_t>(streams_);
  for (int64_t s = 0; s < streams_; ++s)
    on_cpu_->set_state(s, states.subspan(static_cast<size_t>(s) * each, each));
}

}  // namespace nt::twin
