#include "twin/detail/recurrent_device_passes.hpp"

#include "device/built_in.hpp"
#include "twin/detail/device_heads.hpp"

NT_DECLARE_KERNEL(recurrent_training, neurontwin_recurrent_drive)
NT_DECLARE_KERNEL(recurrent_training, neurontwin_recurrent_synapses)
NT_DECLARE_KERNEL(recurrent_training, neurontwin_recurrent_forward)
NT_DECLARE_KERNEL(recurrent_training, neurontwin_recurrent_backward)

namespace nt::twin {

RecurrentDevicePasses::RecurrentDevicePasses(const RecurrentSpec& spec, std::span<const Head> heads,
                                             const ParameterLayout& layout,
                                             std::shared_ptr<device::Device> device)
    : packing_(spec, heads, layout), device_(std::move(device)) {
  const auto& s = packing_.shape();
  memory_.shape = s;
  memory_.silu = spec.activation == HiddenActivation::silu;
  memory_.history = static_cast<int>(spec.history_ms);
  memory_.weights_in_shared = true;
  memory_.weights_in_shared =
      memory_shared_bytes(s.branches + 4 * s.units + 3 * s.hidden) <= device_->most_shared_bytes();
  memory_.gradient_row = static_cast<int64_t>(packed_count());
  heads_.features = s.units;
  heads_.outputs = s.outputs;
  heads_.history = memory_.history;
  heads_.gradient_row = memory_.gradient_row;
  drive_.branches = s.branches;
  drive_.channels = static_cast<int>(spec.wiring.channels());
  drive_.contacts = static_cast<int>(packing_.contacts());
  drive_.gradient_row = memory_.gradient_row;
  packed_ = {device_, packed_count()};
  total_ = {device_, packed_count()};
  keep_wiring(spec);
}

void RecurrentDevicePasses::keep_wiring(const RecurrentSpec& spec) {
  const auto& wiring = spec.wiring;
  std::vector<int32_t> branch(wiring.branch.begin(), wiring.branch.end()), channel(branch.size()), first{0},
      of_branch;
  for (int64_t c = 0; c < wiring.channels(); ++c)
    for (auto k = wiring.first[c]; k < wiring.first[c + 1]; ++k) channel[k] = static_cast<int32_t>(c);
  for (int32_t b = 0; b < drive_.branches; ++b) {
    for (size_t k = 0; k < branch.size(); ++k)
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
  drive_.branch_keep = branch_keep_.data();
  drive_.contact_branch = contact_branch_.data();
  drive_.contact_channel = contact_channel_.data();
  drive_.first_of_branch = first_of_branch_.data();
  drive_.of_branch = of_branch_.data();
}

size_t RecurrentDevicePasses::memory_shared_bytes(int further_floats) const {
  return static_cast<size_t>((memory_.weights_in_shared ? memory_.shape.count() : 0) + further_floats) *
         sizeof(float);
}
size_t RecurrentDevicePasses::drive_shared_bytes() const {
  return static_cast<size_t>(drive_.branches + drive_.channels) * sizeof(float);
}

void RecurrentDevicePasses::make_room(const DeviceInput& input, bool backward) {
  const auto& s = memory_.shape;
  const auto windows = static_cast<size_t>(input.windows()),
             rows = windows * static_cast<size_t>(memory_.history + input.window_ms()),
             answers = windows * static_cast<size_t>(input.window_ms()), units = static_cast<size_t>(s.units),
             outputs = static_cast<size_t>(s.outputs);
  sums_.make_room(device_, rows * static_cast<size_t>(s.branches));
  before_.make_room(device_, rows * static_cast<size_t>(s.hidden));
  for (auto* array : {&decayed_, &delta_, &all_memory_}) array->make_room(device_, rows * units);
  answer_.make_room(device_, answers * outputs);
  if (!backward) return;
  answer_gradient_.make_room(device_, answers * outputs);
  memory_gradient_.make_room(device_, answers * units);
  sums_gradient_.make_room(device_, rows * static_cast<size_t>(s.branches));
  gradient_.make_room(device_, windows * packed_count());
}

void RecurrentDevicePasses::point_to_arrays(const DeviceInput& input) {
  const auto& s = memory_.shape;
  const int duration = memory_.history + static_cast<int>(input.window_ms());
  const float* weights = packed_.data();
  float* gradient = gradient_.data();
  const auto after = [](auto* array, int64_t count) { return array == nullptr ? nullptr : array + count; };
  drive_.duration = duration;
  drive_.first_event = input.first_event();
  drive_.event = input.event();
  drive_.weight = weights + s.count();
  drive_.sums = sums_.data();
  drive_.sums_gradient = sums_gradient_.data();
  drive_.gradient = after(gradient, s.count());
  memory_.duration = duration;
  memory_.weights = weights;
  memory_.sums = sums_.data();
  memory_.before = before_.data();
  memory_.decayed = decayed_.data();
  memory_.delta = delta_.data();
  memory_.memory = all_memory_.data();
  memory_.memory_gradient = memory_gradient_.data();
  memory_.sums_gradient = sums_gradient_.data();
  memory_.gradient = gradient;
  heads_.windows = input.windows();
  heads_.duration = duration;
  heads_.weight = weights + s.head();
  heads_.constant = weights + s.head_constant();
  heads_.x = all_memory_.data();
  heads_.answer = answer_.data();
  heads_.answer_gradient = answer_gradient_.data();
  heads_.x_gradient = memory_gradient_.data();
  heads_.gradient = after(gradient, s.head());
}

Outputs<float> RecurrentDevicePasses::forward(std::span<float> numbers, const DeviceInput& input, NormBy,
                                              bool backward) {
  const auto& s = memory_.shape;
  make_room(input, backward);
  point_to_arrays(input);
  packed_.upload(packing_.packed(numbers));
  device_->launch(NT_BUILT_IN(recurrent_training, neurontwin_recurrent_drive),
                  {input.windows(), kPassThreads, drive_shared_bytes()}, drive_);
  device_->launch(NT_BUILT_IN(recurrent_training, neurontwin_recurrent_forward),
                  {input.windows(), kPassThreads, memory_shared_bytes(s.branches + 2 * s.units + s.hidden)},
                  memory_);
  launch_heads_forward(*device_, heads_);
  outputs_.resize(static_cast<size_t>(input.windows() * input.window_ms() * s.outputs));
  answer_.download(std::span(outputs_));
  return {outputs_.data(), input.windows() * input.window_ms(), s.outputs};
}

void RecurrentDevicePasses::backward(std::span<const float> numbers, const DeviceInput& input,
                                     std::span<const float> output_gradient, std::span<float> gradients) {
  const auto& s = memory_.shape;
  answer_gradient_.upload(output_gradient);
  launch_heads_backward(*device_, heads_);
  device_->launch(NT_BUILT_IN(recurrent_training, neurontwin_recurrent_backward),
                  {input.windows(), kPassThreads, memory_shared_bytes(3 * s.units + 2 * s.hidden)}, memory_);
  device_->launch(NT_BUILT_IN(recurrent_training, neurontwin_recurrent_synapses),
                  {input.windows(), kPassThreads, drive_shared_bytes()}, drive_);
  launch_add_windows(*device_, {input.windows(), memory_.gradient_row, gradient_.data(), total_.data()});
  sum_.resize(packed_count());
  total_.download(std::span(sum_));
  packing_.unpack(sum_, numbers, gradients);
}

}  // namespace nt::twin
