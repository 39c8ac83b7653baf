#include "twin/detail/recurrent_device_stream.hpp"

#include <algorithm>

#include "device/built_in.hpp"
#include "twin/detail/stream_events.hpp"

NT_DECLARE_KERNEL(recurrent_stream, neurontwin_recurrent_stream)

namespace nt::twin {
namespace {

constexpr int kThreads = 128;  // of a block

/// Rows of `columns` numbers to rows as long as device code has them.
void copy_matrix(std::span<const float> from, int columns, float* to) {
  const int row = device_code::padded(columns);
  for (size_t i = 0; i < from.size(); ++i)
    to[static_cast<int>(i) / columns * row + static_cast<int>(i) % columns] = from[i];
}

}  // namespace

std::vector<float> recurrent_device_weights(const Twin& twin, const RecurrentSpec& spec,
                                            device_code::RecurrentWeights& s) {
  const int64_t outputs = outputs_of(twin.spec().heads);
  s = {static_cast<int>(spec.wiring.branches), static_cast<int>(spec.hidden_units()),
       static_cast<int>(spec.memory_units), static_cast<int>(outputs)};
  std::vector<float> w(static_cast<size_t>(s.count()), 0.0f);
  const auto array = [&](const char* name) { return twin.array(std::string("recurrent.") + name); };
  const auto matrix = [&](const char* name, int columns, int at) {
    copy_matrix(array(name), columns, w.data() + at);
  };
  matrix("branch_weight", s.hidden, s.branch());
  matrix("memory_weight", s.hidden, s.memory());
  matrix("hidden_bias", s.hidden, s.hidden_bias());
  matrix("delta_weight", s.units, s.delta());
  matrix("delta_bias", s.units, s.delta_bias());
  const auto log_time_constant = array("log_time_constant");
  for (int u = 0; u < s.units; ++u) {
    const MemoryUnit unit(static_cast<double>(log_time_constant[u]));
    w[s.keep() + u] = static_cast<float>(unit.keep);
    w[s.gate() + u] = static_cast<float>(unit.gate);
  }
  std::ranges::copy(spec.branch_keep(), w.begin() + s.branch_keep());
  int64_t first = 0;
  for (const auto& head : twin.spec().heads) {
    const auto weight = twin.array(head.name + "_weight"), bias = twin.array(head.name + "_bias");
    for (int64_t o = 0; o < head.outputs; ++o, ++first) {
      for (int64_t u = 0; u < s.units; ++u) w[s.head() + first * s.units + u] = weight[u * head.outputs + o];
      w[s.head_constant() + first] = bias[o] + static_cast<float>(head.offset);
    }
  }
  return w;
}

std::vector<device_code::Contact> recurrent_device_contacts(const Twin& twin, const RecurrentSpec& spec) {
  const auto weight = twin.array("recurrent.synapse_weight");
  std::vector<device_code::Contact> contacts;
  for (int64_t c = 0; c < spec.wiring.contacts(); ++c)
    contacts.push_back({static_cast<int32_t>(spec.wiring.branch[c]), weight[c]});
  return contacts;
}

RecurrentDeviceStream::RecurrentDeviceStream(Twin& twin, const RecurrentSpec& spec, int64_t streams,
                                             std::shared_ptr<device::Device> device)
    : device_(std::move(device)) {
  const auto weights = recurrent_device_weights(twin, spec, arguments_.shape);
  const auto& s = arguments_.shape;
  arguments_.silu = spec.activation == HiddenActivation::silu;
  arguments_.weights_in_shared = weights.size() * sizeof(float) <= device_->most_shared_bytes();
  arguments_.streams = streams;
  weights_ = {device_, std::span(weights)};
  contact_ = {device_, std::span<const device_code::Contact>(recurrent_device_contacts(twin, spec))};
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

std::vector<float> RecurrentDeviceStream::state(int64_t stream) const {
  const auto& s = arguments_.shape;
  std::vector<float> all(static_cast<size_t>(s.branches + s.units));
  for (int r = 0; r < s.branches + s.units; ++r) {
    const auto& array = r < s.branches ? sums_ : memory_;
    const int row = r < s.branches ? r : r - s.branches;
    array.download(std::span(&all[static_cast<size_t>(r)], 1),
                   static_cast<size_t>(row * arguments_.streams + stream));
  }
  return all;
}

void RecurrentDeviceStream::set_state(int64_t stream, std::span<const float> state) {
  const auto& s = arguments_.shape;
  for (int r = 0; r < s.branches + s.units; ++r) {
    auto& array = r < s.branches ? sums_ : memory_;
    const int row = r < s.branches ? r : r - s.branches;
    array.upload(state.subspan(static_cast<size_t>(r), 1),
                 static_cast<size_t>(row * arguments_.streams + stream));
  }
}

}  // namespace nt::twin
