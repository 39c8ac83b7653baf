#include "device/device.hpp"

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

}  // namespace nt::device
