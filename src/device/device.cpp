#include "device/device.hpp"

#include <limits>

#include "config/error.hpp"
#include "device/detail/devices.hpp"

namespace nt::device {
namespace {

constexpr std::pair<Kind, std::string_view> kNames[] = {
    {Kind::cpu, "cpu"}, {Kind::cuda, "cuda"}, {Kind::emulate, "emulate"}};

}  // namespace

Kind kind_named(std::string_view name) {
  for (const auto& [kind, known] : kNames)
    if (known == name) return kind;
  fail_input("there is no device '{}'; known: cpu, cuda, emulate", name);
}

std::string_view name_of(Kind kind) {
  for (const auto& [known, name] : kNames)
    if (known == kind) return name;
  return {};
}

std::shared_ptr<Device> open_device(Kind kind) {
  if (kind == Kind::cuda) return open_cuda();
  return kind == Kind::emulate ? open_emulated() : nullptr;
}

bool is_launched(const Device& device, const KernelCode& kernel, const Grid& grid) {
  constexpr int kMostThreads = 1024;
  if (grid.blocks > std::numeric_limits<int32_t>::max() || grid.threads < 1 || grid.threads > kMostThreads)
    fail_run("{}: {} blocks of {} threads are not what a GPU takes at a time", kernel.name, grid.blocks,
             grid.threads);
  if (grid.shared_bytes > device.most_shared_bytes())
    fail_run("{}: a block needs {} kB of shared memory, of which {} has {}; use --device cpu", kernel.name,
             grid.shared_bytes / 1000, device.words(), device.most_shared_bytes() / 1000);
  return grid.blocks > 0;
}

}  // namespace nt::device
