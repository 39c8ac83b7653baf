#include "simulate/detail/cable_module.hpp"

#include <map>

#include "mechanism/generate_device.hpp"
#include "simulate/cable_code_text.hpp"

namespace nt::simulate {
namespace {

constexpr auto kTemplate =
    "// Made by neurontwin: the mechanisms of one cell for a device.\n"
    "#include \"mechanism/device_lanes_code.hpp\"\n"
    "#include \"simulate/detail/cable_code.hpp\"\n"
    "namespace nt::mechanism::device_code {{\n"
    "{}"
    "struct Mechanisms {{\n"
    "  static NT_DEVICE void run(int32_t kernel, const KernelArguments<float>& k) {{\n"
    "    switch (kernel) {{\n"
    "{}"
    "    }}\n"
    "  }}\n"
    "}};\n"
    "NT_DEVICE void cable(const device::Block& block, const simulate::device_code::CableArguments& "
    "arguments) {{\n"
    "  simulate::device_code::cable<Mechanisms>(block, arguments);\n"
    "}}\n"
    "}}  // namespace nt::mechanism::device_code\n"
    "NT_KERNEL(neurontwin_cable, nt::simulate::device_code::CableArguments, "
    "nt::mechanism::device_code::cable, 256)\n";

}  // namespace

CableModule cable_module(const cell::DetailedCell& cell, const std::string& architecture) {
  CableModule all;
  std::string code, cases;
  int32_t kernels = 0;
  std::map<const mechanism::LoadedMechanism*, std::array<int32_t, 3>> known;
  for (const auto& placement : cell.placements) {
    auto& numbers =
        known.try_emplace(placement.loaded.get(), std::array<int32_t, 3>{-2, -1, -1}).first->second;
    if (numbers[0] == -2) {
      const auto made =
          mechanism::generate_device_kernels(placement.mechanism(), fmt::format("m{}", known.size()));
      code += made.code;
      const std::string names[] = {made.current, made.advance[0], made.advance[1]};
      for (size_t i = 0; i < 3; ++i) {
        numbers[i] = names[i].empty() ? -1 : kernels++;
        if (!names[i].empty()) cases += fmt::format("      case {}: return {}(k);\n", numbers[i], names[i]);
      }
    }
    all.kernels.push_back(numbers);
  }
  all.module =
      mechanism::compile_device_code({.text = fmt::format(kTemplate, code, cases),
                                      .kernel = "neurontwin_cable",
                                      .headers = {{"simulate/detail/cable_code.hpp", kCableCode},
                                                  {"simulate/detail/cable_data_code.hpp", kCableDataCode}},
                                      .what_for = "the cell"},
                                     architecture);
  return all;
}

}  // namespace nt::simulate
