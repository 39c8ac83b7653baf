#include "twin/detail/device_heads.hpp"

#include "device/built_in.hpp"

NT_DECLARE_KERNEL(heads_training, neurontwin_heads_forward)
NT_DECLARE_KERNEL(heads_training, neurontwin_heads_backward)
NT_DECLARE_KERNEL(heads_training, neurontwin_pack_heads)
NT_DECLARE_KERNEL(heads_training, neurontwin_unpack_heads)
NT_DECLARE_KERNEL(heads_training, neurontwin_add_windows)

namespace nt::twin {
namespace {

/// A thread to each of `count`.
device::Grid a_thread_to_each(int64_t count) {
  return {(count + kPassThreads - 1) / kPassThreads, kPassThreads, 0};
}

}  // namespace

void launch_heads_forward(device::Device& device, const device_code::HeadsArguments& a) {
  device.launch(NT_BUILT_IN(heads_training, neurontwin_heads_forward),
                a_thread_to_each(a.windows * (a.duration - a.history) * a.outputs), a);
}

void launch_heads_backward(device::Device& device, const device_code::HeadsArguments& a) {
  device.launch(NT_BUILT_IN(heads_training, neurontwin_heads_backward), {a.windows, kPassThreads, 0}, a);
}

void launch_pack_heads(device::Device& device, const device_code::PackHeadsArguments& a) {
  device.launch(NT_BUILT_IN(heads_training, neurontwin_pack_heads), a_thread_to_each(a.count), a);
}

void launch_unpack_heads(device::Device& device, const device_code::PackHeadsArguments& a) {
  device.launch(NT_BUILT_IN(heads_training, neurontwin_unpack_heads), a_thread_to_each(a.count), a);
}

void launch_add_windows(device::Device& device, const device_code::AddWindowsArguments& a) {
  device.launch(NT_BUILT_IN(heads_training, neurontwin_add_windows), a_thread_to_each(a.count), a);
}

}  // namespace nt::twin
