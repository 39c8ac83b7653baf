#include "twin/spec.hpp"

#include <algorithm>

namespace nt::twin {

const Head* TwinSpec::head(std::string_view name) const {
  const auto found = std::ranges::find(heads, name, &Head::name);
  return found == heads.end() ? nullptr : &*found;
}

int64_t TwinSpec::outputs(std::string_view name) const {
  const auto* found = head(name);
  return found == nullptr ? 0 : found->outputs;
}

std::vector<ParameterArray> TwinSpec::arrays(int64_t channels) const {
  auto all = network->arrays(channels);
  for (auto& array : head_arrays(heads, network->features())) all.push_back(std::move(array));
  return all;
}

int64_t TwinSpec::parameter_count(int64_t channels) const {
  int64_t count = 0;
  for (const auto& array : arrays(channels)) count += array.trained ? array.count() : 0;
  return count;
}

TwinSpec read_twin(const config::Settings& settings, const dataset::CellTable& cell) {
  std::vector<std::string_view> names;
  for (const auto& kind : network_kinds()) names.push_back(kind.name);
  const auto name = settings.choice("kind", names, std::string(names.front()));
  const auto& chosen = *std::ranges::find(network_kinds(), name, &NetworkKind::name);
  TwinSpec spec;
  spec.network = chosen.from_settings(settings, cell);
  for (const auto& kind : network_kinds()) {
    for (const auto& key : kind.keys) {
      if (std::ranges::find(chosen.keys, key) == chosen.keys.end()) settings.pass_over(key);
    }
  }
  spec.heads = read_heads(settings);
  return spec;
}

Head further_head(std::string_view name, int64_t outputs) {
  const auto& kind = head_kind(name);
  return {kind.name, outputs, kind.offset, kind.weight_sd, kind.bias};
}

}  // namespace nt::twin
