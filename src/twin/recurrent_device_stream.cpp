#include "twin/detail/recurrent_device_stream.hpp"

#include <algorithm>

#include "device/built_in.hpp"
#include "twin/detail/recurrent_packing.hpp"
#include "twin/detail/stream_events.hpp"

NT_DECLARE_KERNEL(recurrent_stream, neurontwin_recurrent_stream)

namespace nt::twin {
namespace {

constexpr int kThreads = 128;  // of a block

}  // namespace

RecurrentDeviceStream::RecurrentDeviceStream(Twin& twin, const RecurrentSpec& spec, int64_t streams,
                                             std::shared_ptr<device::Device> device)
    : device_(std::move(device)) {
  const RecurrentPacking packing(spec, twin.spec().heads, twin.layout());
  arguments_.shape = packing.shape();
  const auto& s = arguments_.shape;
  auto weights = packing.packed(twin.numbers);
  weights.resize(static_cast<size_t>(s.count()));  // contacts have an array of their own
  arguments_.silu = spec.activation == HiddenActivation::silu;
  arguments_.weights_in_shared = weights.size() * sizeof(float) <= device_->most_shared_bytes();
  arguments_.streams = streams;
  weights_ = {device_, std::span(weights)};
  contact_ = {device_, std::span<const device_code::Contact>(packing.contacts_of(twin.numbers))};
  const std::vector<int32_t> first_contact(spec.wiring.first.begin(), spec.wiring.first.end());
  first_contact_ = {device_, std::span(first_contact)};
  const auto n = static_cast<size_t>(streams);
  sums_ = {device_, n * s.branches};
  memory_ = {device_, n * s.units};
  scratch_ = {device_, n * (s.hidden_row() + s.units_row())};
  // All begin alike: as one stream on the CPU does.
  const auto silent = Twin::Stream(twin, 1).state(0);
  for (auto [array, rows, from] : {std::tuple(&sums_, s.branches, 0), {&memory_, s.units, s.branches}}) {
    std::vector<float> row(n);
    for (int r = 0; r < rows; ++r) {
      std::ranges::fill(row, silent[static_cast<size_t>(from + r)]);
      array->upload(row, static_cast<size_t>(r) * n);
    }
  }
  arguments_.weights = weights_.data();
  arguments_.first_contact = first_contact_.data();
  arguments_.contact = contact_.data();
  arguments_.sums = sums_.data();
  arguments_.memory = memory_.data();
  arguments_.scratch = scratch_.data();
}

void RecurrentDeviceStream::launch() {
  const auto& a = arguments_;
  const size_t shared = a.weights_in_shared ? static_cast<size_t>(a.shape.count()) * sizeof(float) : 0;
  device_->launch(NT_BUILT_IN(recurrent_stream, neurontwin_recurrent_stream),
                  {(a.streams + kThreads - 1) / kThreads, kThreads, shared}, a);
}

void RecurrentDeviceStream::repeat() {
  launch();
  device_->wait();
}

Outputs<float> RecurrentDeviceStream::advance(std::span<const int32_t> events, int64_t ms) {
  auto& a = arguments_;
  const auto sorted = stream_events(events, a.streams);
  first_event_.make_room(device_, sorted.first.size());
  first_event_.upload(sorted.first);
  event_.make_room(device_, sorted.event.size());
  event_.upload(sorted.event);
  const size_t count = static_cast<size_t>(a.streams * ms * a.shape.outputs);
  output_.make_room(device_, count);
  a.ms = static_cast<int>(ms);
  a.first_event = first_event_.data();
  a.event = event_.data();
  a.output = output_.data();
  launch();
  by_ms_.resize(count);
  by_stream_.resize(count);
  output_.download(by_ms_);
  const int64_t rows = ms * a.shape.outputs;  // of all streams each
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t s = 0; s < a.streams; ++s) by_stream_[s * rows + r] = by_ms_[r * a.streams + s];
  return {by_stream_.data(), a.streams * ms, a.shape.outputs};
}

std::vector<float> RecurrentDeviceStream::states() const {
  const auto n = static_cast<size_t>(arguments_.streams),
             branches = static_cast<size_t>(arguments_.shape.branches),
             rows = branches + static_cast<size_t>(arguments_.shape.units);
  std::vector<float> by_row(n * rows), all(n * rows);
  sums_.download(std::span(by_row).first(n * branches));
  memory_.download(std::span(by_row).subspan(n * branches));
  for (size_t r = 0; r < rows; ++r)
    for (size_t s = 0; s < n; ++s) all[s * rows + r] = by_row[r * n + s];
  return all;
}

void RecurrentDeviceStream::set_states(std::span<const float> states) {
  const auto n = static_cast<size_t>(arguments_.streams),
             branches = static_cast<size_t>(arguments_.shape.branches),
             rows = branches + static_cast<size_t>(arguments_.shape.units);
  std::vector<float> by_row(n * rows);
  for (size_t r = 0; r < rows; ++r)
    for (size_t s = 0; s < n; ++s) by_row[r * n + s] = states[s * rows + r];
  sums_.upload(std::span(by_row).first(n * branches));
  memory_.upload(std::span(by_row).subspan(n * branches));
}

}  // namespace nt::twin
