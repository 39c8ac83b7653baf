#include "report/live_twin.hpp"

#include <fmt/format.h>

#include <bit>

#include "files/base64.hpp"

namespace nt::report {
namespace {

using Json = nlohmann::ordered_json;

/// Floats or 32-bit integers, as text.
template <class T>
Json packed(std::span<const T> numbers) {
  std::vector<uint8_t> bytes;
  for (const T number : numbers) {
    const auto word = std::bit_cast<uint32_t>(number);
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<uint8_t>(word >> shift));
  }
  return files::base64(bytes);
}

template <class To, class From>
Json packed_as(const std::vector<From>& numbers) {
  std::vector<To> all;
  for (const From number : numbers) all.push_back(static_cast<To>(number));
  return packed<To>(all);
}

/// Weight and constant of a head with one output.
Json head_json(const twin::Twin& twin, const std::string& name) {
  const auto* head = twin.spec().head(name);
  return {{"weight", packed(twin.array(name + "_weight"))},
          {"constant", twin.array(name + "_bias")[0] + static_cast<float>(head->offset)}};
}

Json numbers_json(const twin::Twin& twin, const twin::RecurrentSpec& spec) {
  std::vector<double> keep, gate;
  for (const float log_tau : twin.array("recurrent.log_time_constant")) {
    const twin::MemoryUnit unit(static_cast<double>(log_tau));
    keep.push_back(unit.keep);
    gate.push_back(unit.gate);
  }
  const auto array = [&](const char* name) { return packed(twin.array(std::string("recurrent.") + name)); };
  return {{"branches", spec.wiring.branches},
          {"hidden", spec.hidden_units()},
          {"units", spec.memory_units},
          {"activation", spec.activation == twin::HiddenActivation::relu ? "relu" : "silu"},
          {"history_ms", spec.history_ms},
          {"first_contact", packed_as<int32_t>(spec.wiring.first)},
          {"contact_branch", packed_as<int32_t>(spec.wiring.branch)},
          {"contact_weight", array("synapse_weight")},
          {"branch_keep", packed_as<float>(spec.branch_keep())},
          {"branch_weight", array("branch_weight")},
          {"memory_weight", array("memory_weight")},
          {"hidden_bias", array("hidden_bias")},
          {"delta_weight", array("delta_weight")},
          {"delta_bias", array("delta_bias")},
          {"memory_keep", packed_as<float>(keep)},
          {"memory_gate", packed_as<float>(gate)},
          {"spike", head_json(twin, "spike")},
          {"soma", head_json(twin, "soma")}};
}

}  // namespace

Json live_twin_json(const twin::Twin& twin, size_t most_bytes) {
  const auto* spec = twin.spec().as<twin::RecurrentSpec>();
  if (spec == nullptr)
    return {{"why_not", fmt::format("It is a {} one, and a page can run recurrent twins alone.",
                                    twin.network().kind())}};
  auto json = numbers_json(twin, *spec);
  const size_t bytes = json.dump().size();
  if (bytes > most_bytes)
    return {
        {"why_not", fmt::format("Its weights take {:.1f} MB, and a page carries {:.1f} MB at most.",
                                static_cast<double>(bytes) / 1e6, static_cast<double>(most_bytes) / 1e6)}};
  return json;
}

}  // namespace nt::report
