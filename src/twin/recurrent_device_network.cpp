#include "twin/detail/recurrent_device_network.hpp"

#include <algorithm>
#include <cmath>

#include "device/built_in.hpp"
#include "twin/detail/stream_events.hpp"

NT_DECLARE_KERNEL(recurrent_training, neurontwin_recurrent_drive)
NT_DECLARE_KERNEL(recurrent_training, neurontwin_recurrent_synapses)
NT_DECLARE_KERNEL(recurrent_training, neurontwin_recurrent_forward)
NT_DECLARE_KERNEL(recurrent_training, neurontwin_recurrent_backward)
NT_DECLARE_KERNEL(recurrent_training, neurontwin_add_windows)

namespace nt::twin {
namespace {

constexpr int kThreads = 128;  // of a block

}  // namespace

RecurrentDeviceNetwork::RecurrentDeviceNetwork(const RecurrentSpec& spec, const ParameterLayout& layout,
                                               std::shared_ptr<device::Device> device)
    : spec_(spec), on_cpu_(spec, layout), device_(std::move(device)) {
  const auto at = [&](const char* name) { return layout.offset(std::string("recurrent.") + name); };
  synapse_ = at("synapse_weight");
  log_time_constant_ = at("log_time_constant");
  auto& s = memory_.shape;
  s = {static_cast<int>(spec.wiring.branches), static_cast<int>(spec.hidden_units()),
       static_cast<int>(spec.memory_units), 0};
  matrices_ = {{at("branch_weight"), s.branch(), s.branches, s.hidden, s.hidden_row()},
               {at("memory_weight"), s.memory(), s.units, s.hidden, s.hidden_row()},
               {at("hidden_bias"), s.hidden_bias(), 1, s.hidden, s.hidden_row()},
               {at("delta_weight"), s.delta(), s.hidden, s.units, s.units_row()},
               {at("delta_bias"), s.delta_bias(), 1, s.units, s.units_row()}};
  memory_.silu = spec.activation == HiddenActivation::silu;
  memory_.history = static_cast<int>(spec.history_ms);
  memory_.weights_in_shared = true;
  memory_.weights_in_shared =
      memory_shared_bytes(s.branches + 4 * s.units + 3 * s.hidden) <= device_->most_shared_bytes();

  const auto& wiring = spec.wiring;
  const auto contacts = static_cast<size_t>(wiring.contacts());
  std::vector<int32_t> branch(contacts), channel(contacts), first{0}, of_branch;
  for (int64_t c = 0; c < wiring.channels(); ++c)
    for (auto k = static_cast<size_t>(wiring.first[c]); k < static_cast<size_t>(wiring.first[c + 1]); ++k)
      branch[k] = static_cast<int32_t>(wiring.branch[k]), channel[k] = static_cast<int32_t>(c);
  for (int32_t b = 0; b < s.branches; ++b) {
    for (size_t k = 0; k < contacts; ++k)
      if (branch[k] == b) of_branch.push_back(static_cast<int32_t>(k));
    first.push_back(static_cast<int32_t>(of_branch.size()));
  }
  const auto kept = [&](const std::vector<int32_t>& values) {
    return device::Array<int32_t>(device_, std::span<const int32_t>(values));
  };
  contact_branch_ = kept(branch);
  contact_channel_ = kept(channel);
  first_of_branch_ = kept(first);
  of_branch_ = kept(of_branch);
  const auto keep = spec.branch_keep();
  const std::vector<float> in_float(keep.begin(), keep.end());
  branch_keep_ = {device_, std::span(in_float)};
  contact_weight_ = {device_, contacts};
  all_weights_ = {device_, static_cast<size_t>(s.count())};
}

size_t RecurrentDeviceNetwork::memory_shared_bytes(int further_floats) const {
  return static_cast<size_t>((memory_.weights_in_shared ? memory_.shape.count() : 0) + further_floats) *
         sizeof(float);
}
size_t RecurrentDeviceNetwork::drive_shared_bytes() const {
  return static_cast<size_t>(spec_.wiring.branches + spec_.wiring.channels()) * sizeof(float);
}

void RecurrentDeviceNetwork::plan(int64_t windows, int64_t window_ms, bool backward) {
  windows_ = windows;
  window_ms_ = window_ms;
  const auto& s = memory_.shape;
  const auto rows = static_cast<size_t>(windows * drive_ms(window_ms)), units = static_cast<size_t>(s.units);
  sums_.make_room(device_, rows * static_cast<size_t>(s.branches));
  before_.make_room(device_, rows * static_cast<size_t>(s.hidden));
  for (auto* array : {&decayed_, &delta_, &all_memory_}) array->make_room(device_, rows * units);
  memory_.duration = static_cast<int>(drive_ms(window_ms));
  if (backward) {
    const auto n = static_cast<size_t>(windows);
    memory_gradient_.make_room(device_, n * static_cast<size_t>(window_ms) * units);
    all_sums_gradient_.make_room(device_, rows * static_cast<size_t>(s.branches));
    gradient_.make_room(device_, n * static_cast<size_t>(s.count()));
    contact_gradient_.make_room(device_, n * contact_weight_.size());
    total_.make_room(device_, std::max(static_cast<size_t>(s.count()), contact_weight_.size()));
  }
  memory_.weights = all_weights_.data();
  memory_.sums = sums_.data();
  memory_.before = before_.data();
  memory_.decayed = decayed_.data();
  memory_.delta = delta_.data();
  memory_.memory = all_memory_.data();
  memory_.memory_gradient = memory_gradient_.data();
  memory_.sums_gradient = all_sums_gradient_.data();
  memory_.gradient = gradient_.data();
}

void RecurrentDeviceNetwork::upload_events(const SpikeWindows& input) {
  // Those outside of the window do nothing.
  std::vector<int32_t> inside;
  for (size_t e = 0; e + 2 < input.events.size(); e += 3)
    if (input.events[e + 2] >= 0 && input.events[e + 2] < memory_.duration)
      inside.insert(inside.end(), {input.events[e], input.events[e + 1], input.events[e + 2]});
  const auto sorted = stream_events(inside, windows_);
  first_event_.make_room(device_, sorted.first.size());
  first_event_.upload(sorted.first);
  event_.make_room(device_, sorted.event.size());
  event_.upload(sorted.event);
}

device_code::DriveArguments RecurrentDeviceNetwork::drive_arguments() const {
  device_code::DriveArguments a{};
  a.branches = memory_.shape.branches;
  a.channels = static_cast<int>(spec_.wiring.channels());
  a.contacts = static_cast<int>(spec_.wiring.contacts());
  a.duration = memory_.duration;
  a.first_event = first_event_.data();
  a.event = event_.data();
  a.branch_keep = branch_keep_.data();
  a.weight = contact_weight_.data();
  a.contact_branch = contact_branch_.data();
  a.contact_channel = contact_channel_.data();
  a.first_of_branch = first_of_branch_.data();
  a.of_branch = of_branch_.data();
  return a;
}

float* RecurrentDeviceNetwork::drive(const float* numbers, const SpikeWindows& input, const Parallel&) {
  upload_events(input);
  contact_weight_.upload(std::span(numbers + synapse_, contact_weight_.size()));
  auto arguments = drive_arguments();
  arguments.sums = sums_.data();
  device_->launch(NT_BUILT_IN(recurrent_training, neurontwin_recurrent_drive),
                  {windows_, kThreads, drive_shared_bytes()}, arguments);
  drive_is_on_host_ = false;
  float* drive = drive_buffer();
  sums_.download(std::span(host_drive_));
  drive_is_on_host_ = false;
  return drive;
}

float* RecurrentDeviceNetwork::drive_buffer() {
  host_drive_.resize(static_cast<size_t>(windows_ * drive_ms(window_ms_) * drive_width()));
  drive_is_on_host_ = true;
  return host_drive_.data();
}

void RecurrentDeviceNetwork::upload_weights(const float* numbers) {
  const auto& s = memory_.shape;
  weights_.assign(static_cast<size_t>(s.count()), 0.0f);
  for (const auto& m : matrices_)
    for (int r = 0; r < m.rows; ++r)
      std::copy_n(numbers + m.from + r * m.columns, m.columns, weights_.begin() + m.at + r * m.row);
  for (int u = 0; u < s.units; ++u) {
    const MemoryUnit unit(static_cast<double>(numbers[log_time_constant_ + u]));
    weights_[static_cast<size_t>(s.keep() + u)] = static_cast<float>(unit.keep);
    weights_[static_cast<size_t>(s.gate() + u)] = static_cast<float>(unit.gate);
  }
  all_weights_.upload(weights_);
}

const float* RecurrentDeviceNetwork::above(float* numbers, NormBy, const Parallel&) {
  const auto& s = memory_.shape;
  if (drive_is_on_host_) sums_.upload(host_drive_);
  upload_weights(numbers);
  device_->launch(NT_BUILT_IN(recurrent_training, neurontwin_recurrent_forward),
                  {windows_, kThreads, memory_shared_bytes(s.branches + 2 * s.units + s.hidden)}, memory_);
  features_.resize(static_cast<size_t>(windows_ * window_ms_ * s.units));
  const auto of_window = static_cast<size_t>(window_ms_ * s.units);
  for (int64_t w = 0; w < windows_; ++w)
    all_memory_.download(std::span(features_).subspan(static_cast<size_t>(w) * of_window, of_window),
                         static_cast<size_t>((w * memory_.duration + spec_.history_ms) * s.units));
  return features_.data();
}

std::vector<float> RecurrentDeviceNetwork::added(const device::Array<float>& of_windows, int64_t count) {
  device_->launch(NT_BUILT_IN(recurrent_training, neurontwin_add_windows),
                  {(count + kThreads - 1) / kThreads, kThreads, 0},
                  device_code::AddWindowsArguments{windows_, count, of_windows.data(), total_.data()});
  std::vector<float> sums(static_cast<size_t>(count));
  total_.download(std::span(sums));
  return sums;
}

const float* RecurrentDeviceNetwork::above_backward(const float* numbers, float* feature_gradient,
                                                    float* gradients, const Parallel&) {
  const auto& s = memory_.shape;
  memory_gradient_.upload(std::span(feature_gradient, static_cast<size_t>(windows_ * window_ms_ * s.units)));
  device_->launch(NT_BUILT_IN(recurrent_training, neurontwin_recurrent_backward),
                  {windows_, kThreads, memory_shared_bytes(3 * s.units + 2 * s.hidden)}, memory_);
  sums_gradient_.resize(static_cast<size_t>(windows_ * memory_.duration * s.branches));
  all_sums_gradient_.download(std::span(sums_gradient_));
  if (gradients == nullptr) return sums_gradient_.data();
  const auto sum = added(gradient_, s.count());
  for (const auto& m : matrices_)
    for (int r = 0; r < m.rows; ++r)
      std::copy_n(sum.begin() + m.at + r * m.row, m.columns, gradients + m.from + r * m.columns);
  for (int u = 0; spec_.learn_time_constants && u < s.units; ++u) {
    // As on the CPU (recurrent_network.cpp).
    const double rate = std::exp(-static_cast<double>(numbers[log_time_constant_ + u]));
    const auto of_keep = static_cast<double>(sum[static_cast<size_t>(s.keep() + u)]);
    const auto of_gate = static_cast<double>(sum[static_cast<size_t>(s.gate() + u)]);
    gradients[log_time_constant_ + u] = static_cast<float>(
        rate * (std::exp(-rate) * of_keep - kWriteSpeed * std::exp(-kWriteSpeed * rate) * of_gate));
  }
  return sums_gradient_.data();
}

void RecurrentDeviceNetwork::drive_backward(const float*, const SpikeWindows& input,
                                            const float* drive_gradient, float* gradients, const Parallel&) {
  upload_events(input);
  if (drive_gradient != sums_gradient_.data())
    all_sums_gradient_.upload(
        std::span(drive_gradient, static_cast<size_t>(windows_ * memory_.duration * drive_width())));
  auto arguments = drive_arguments();
  arguments.sums_gradient = all_sums_gradient_.data();
  arguments.gradient = contact_gradient_.data();
  device_->launch(NT_BUILT_IN(recurrent_training, neurontwin_recurrent_synapses),
                  {windows_, kThreads, drive_shared_bytes()}, arguments);
  std::ranges::copy(added(contact_gradient_, static_cast<int64_t>(contact_weight_.size())),
                    gradients + synapse_);
}

std::vector<HiddenSignal<float>> RecurrentDeviceNetwork::hidden() const {
  return {{"memory", spec_.memory_units, features_}};
}

}  // namespace nt::twin
