#include "run/detail/interpretation_json.hpp"

#include <fmt/format.h>

#include <cmath>

#include "run/detail/estimate_json.hpp"
#include "run/detail/response_json.hpp"

namespace nt::run {
namespace {

using Json = nlohmann::ordered_json;

/// Three digits: a colour shows no more.
Json rounded_roughly(std::span<const double> values) {
  auto out = Json::array();
  for (const double v : values) out.push_back(std::stod(fmt::format("{:.3g}", v)));
  return out;
}

Json kind_json(const interpret::KindOfFilters& kind) {
  const auto believed = [&](double x) { return kind.tau_note.empty() ? rounded(x) : std::nan(""); };
  Json json{{"mean", rounded(kind.mean)},
            {"sd", rounded(kind.sd)},
            {"amplitude", number_json(believed(kind.fit.amplitude))},
            {"tau_ms", number_json(believed(kind.fit.tau_ms))},
            {"tau_ci95", interval_json(believed(kind.tau_ms.low), believed(kind.tau_ms.high))},
            {"r2", rounded(kind.fit.r2)}};
  if (!kind.tau_note.empty()) json["tau_note"] = kind.tau_note;
  return json;
}

Json unit_json(const interpret::UnitFilters& unit, size_t number) {
  Json json{{"unit", number}}, filters;
  if (unit.readout) json["readout"] = *unit.readout;
  const auto add = [&](const char* name, const std::optional<interpret::KindOfFilters>& kind) {
    if (!kind) return;
    json[name] = kind_json(*kind);
    if (kind->each.empty()) return;
    auto& list = filters[name] = Json::array();
    for (const auto& filter : kind->each) list.push_back(rounded_roughly(filter));
  };
  add("excitatory", unit.excitatory);
  add("inhibitory", unit.inhibitory);
  for (const auto& group : unit.groups) {
    auto& of_group = json["groups"][group.name] = kind_json(group.filters);
    of_group["kind"] = group.excitatory ? "excitatory" : "inhibitory";
  }
  if (!filters.is_null()) json["filters"] = std::move(filters);
  return json;
}

Json first_layer_json(const interpret::FirstLayer& layer) {
  Json json{{"lag_ms", Json::array()}, {"units", Json::array()}};
  for (int64_t k = 0; k < layer.taps; ++k) json["lag_ms"].push_back(k);
  for (size_t u = 0; u < layer.units.size(); ++u) json["units"].push_back(unit_json(layer.units[u], u));
  if (!layer.memory_tau_ms.empty()) json["memory_tau_ms"] = rounded(layer.memory_tau_ms);
  if (layer.membrane_time_constant_ms) json["membrane_time_constant_ms"] = *layer.membrane_time_constant_ms;
  return json;
}

Json places_json(std::span<const interpret::SynapsePlace> places) {
  Json json{{"part", Json::array()},
            {"section", Json::array()},
            {"path_um", Json::array()},
            {"excitatory", Json::array()}};
  for (const auto& place : places) {
    json["part"].push_back(name_of(place.part));
    json["section"].push_back(place.section);
    json["path_um"].push_back(rounded(place.path_um));
    json["excitatory"].push_back(place.excitatory);
  }
  return json;
}

Json template_json(const interpret::FilterTemplate& one) {
  Json json{{"excitatory", rounded(one.excitatory)},
            {"inhibitory", rounded(one.inhibitory)},
            {"share", rounded(one.share)},
            {"by_branch", rounded(one.by_branch)},
            {"part", one.part ? name_of(*one.part) : "mixed"}};
  auto& by_part = json["by_part"] = Json::object();
  for (const auto& [part, mean] : one.by_part) by_part[std::string(name_of(part))] = rounded(mean);
  if (one.part_difference) json["part_difference_ci95"] = interval_json(rounded(*one.part_difference));
  if (!one.part_note.empty()) json["part_note"] = one.part_note;
  return json;
}

Json templates_json(const interpret::FilterTemplates& found) {
  Json json{{"unexplained", rounded(found.unexplained)}, {"units", found.units}};
  auto& branches = json["branches"] = Json::array();
  for (const auto& branch : found.branches)
    branches.push_back(
        {{"part", name_of(branch.part)}, {"section", branch.section}, {"path_um", rounded(branch.path_um)}});
  auto& templates = json["templates"] = Json::array();
  for (const auto& one : found.templates) templates.push_back(template_json(one));
  return json;
}

/// [value, low, high] to five decimals; null where there is none.
Json explained_json(const interpret::Explained& explained) {
  if (!explained) return nullptr;
  const auto decimals = [](double x) { return std::round(x * 1e5) / 1e5; };
  return estimate_json({decimals(explained->value), decimals(explained->low), decimals(explained->high)});
}

Json explained_json(std::span<const interpret::Explained> by_layer) {
  auto list = Json::array();
  for (const auto& explained : by_layer) list.push_back(explained_json(explained));
  return list;
}

Json probes_json(const interpret::LayerProbes& probes) {
  auto quantities = Json::array();
  for (const auto& of : probes.quantities) {
    quantities.push_back({{"name", of.quantity.name()},
                          {"place", of.quantity.place},
                          {"what", of.quantity.what},
                          {"unit", of.quantity.unit},
                          {"trained", explained_json(of.trained)},
                          {"untrained", explained_json(of.untrained)},
                          {"voltage", explained_json(of.voltage)},
                          {"trained_minus_untrained", explained_json(of.trained_minus_untrained)},
                          {"trained_minus_voltage", explained_json(of.trained_minus_voltage)}});
  }
  return {{"trials_fit", probes.trials_fit}, {"trials_score", probes.trials_score},
          {"skip_ms", probes.skip_ms},       {"voltage_lags_ms", probes.voltage_lags_ms},
          {"layers", probes.layers},         {"quantities", quantities}};
}

Json branch_json(const interpret::BranchSpikes& of) {
  Json json{{"section", of.branch.section},
            {"part", of.branch.part},
            {"path_um", of.branch.path_um},
            {"spikes_hz", of.spikes_hz},
            {"share_of_time", of.share_of_time}};
  if (!of.note.empty()) json["note"] = of.note;
  const auto put = [&](const char* key, const std::optional<statistics::Estimate>& auc) {
    json[key] = auc ? estimate_json(*auc) : Json(nullptr);
  };
  put("auc", of.auc);
  put("components_auc", of.components_auc);
  put("soma_auc", of.soma_auc);
  return json;
}

Json dendritic_spikes_json(const interpret::DendriticSpikes& found) {
  Json json{{"threshold_mV", found.spec.threshold_mV},
            {"least_ms", found.spec.least_ms},
            {"before_soma_spike_ms", found.spec.before_soma_spike_ms},
            {"after_soma_spike_ms", found.spec.after_soma_spike_ms},
            {"trials", found.spec.trials}};
  if (!found.skipped.empty()) {
    json["skipped"] = found.skipped;
    return json;
  }
  auto& branches = json["branches"] = Json::array();
  for (const auto& branch : found.branches) branches.push_back(branch_json(branch));
  return json;
}

}  // namespace

Json interpretation_json(const interpret::Interpretation& found) {
  auto json = first_layer_json(found.first_layer);
  json["places"] = places_json(found.places);
  if (found.response) json["response"] = response_json(*found.response);
  if (found.templates) json["templates"] = templates_json(*found.templates);
  if (found.attribution) json["attribution"] = attribution_json(*found.attribution);
  if (found.added_spikes) json["added_spikes"] = added_spikes_json(*found.added_spikes);
  if (found.probes) json["probes"] = probes_json(*found.probes);
  if (found.dendritic_spikes) json["dendritic_spikes"] = dendritic_spikes_json(*found.dendritic_spikes);
  return json;
}

}  // namespace nt::run
