#include "run/detail/response_json.hpp"

#include <cmath>

#include "run/detail/estimate_json.hpp"

namespace nt::run {
namespace {

using Json = nlohmann::ordered_json;

/// "basal", "excitatory": how documents name a set.
Json names_of(const interpret::SynapseSet& set) {
  Json names{{"part", name_of(set.part)}, {"kind", set.excitatory ? "excitatory" : "inhibitory"}};
  if (!set.group.empty()) names["group"] = set.group;
  return names;
}

Json mean_shape_json(const interpret::MeanShape& of) {
  Json json{{"mean", rounded(of.mean)}};
  json.update(shape_json(of.noted));
  const auto put = [&](const char* key, const statistics::Estimate& estimate, const std::string& note) {
    json[key] = note.empty() ? interval_json(rounded(estimate)) : interval_json(NAN, NAN);
  };
  const auto& notes = of.noted.notes;
  put("peak_ci95", of.peak, "");
  put("peak_lag_ms_ci95", of.peak_lag_ms, notes.peak_lag);
  put("width_ms_ci95", of.width_ms, notes.width);
  put("decay_tau_ms_ci95", of.decay_tau_ms, notes.decay);
  return json;
}

Json reach_json(const interpret::Reach& reach) {
  return {{"lag_ms_50", rounded(reach.lag_ms_50)},
          {"lag_ms_95", rounded(reach.lag_ms_95)},
          {"path_um_50", rounded(reach.path_um_50)},
          {"path_um_95", rounded(reach.path_um_95)}};
}

Json synapses_json(const interpret::AnswerResponse& answer) {
  return {{"peak", rounded(answer.peak)}, {"peak_lag_ms", rounded(answer.peak_lag_ms)}};
}

Json set_attribution_json(const interpret::SetAttribution& of) {
  Json json;
  put_estimate(json, "sum", rounded(of.sum));
  json["by_lag"] = rounded(of.by_lag);
  return json;
}

Json agreement_json(const interpret::Agreement& agreement) {
  Json json{{"spikes", agreement.spikes}};
  put_estimate(json, "correlation", rounded(agreement.correlation));
  put_estimate(json, "slope", rounded(agreement.slope));
  if (!agreement.note.empty()) json["note"] = agreement.note;
  return json;
}

/// As shape_json(), but that the peak says its unit.
Json change_json(const interpret::NotedShape& noted) {
  Json json{{"peak_mV", rounded(noted.shape.peak)}};
  json.update(shape_json(noted));
  json.erase("peak");
  return json;
}

Json mean_change_json(const interpret::AddedSpikeSummary::MeanChange& change) {
  auto json = change_json(change.noted);
  json["mean"] = rounded(change.mean_mV);
  return json;
}

}  // namespace

Json shape_json(const interpret::NotedShape& noted) {
  const auto& [shape, notes] = noted;
  Json json{{"peak", rounded(shape.peak)}};
  const auto put = [&](const std::string& key, const std::string& about, double value,
                       const std::string& note) {
    json[key] = note.empty() ? Json(rounded(value)) : Json(nullptr);
    if (!note.empty()) json[about + "_note"] = note;
  };
  put("peak_lag_ms", "peak_lag", shape.peak_lag_ms, notes.peak_lag);
  put("width_ms", "width", shape.width_ms, notes.width);
  put("decay_tau_ms", "decay", shape.decay_tau_ms, notes.decay);
  json["decay_r2"] = rounded(shape.decay_r2);
  return json;
}

Json response_json(const interpret::ResponseSummary& response) {
  auto sets = Json::array();
  for (const auto& of : response.sets) {
    auto json = names_of(of.set);
    json["synapses"] = of.set.channels.size();
    json["soma_mV"] = mean_shape_json(of.soma_mV);
    json["spike_log_odds"] = mean_shape_json(of.spike_log_odds);
    sets.push_back(std::move(json));
  }
  return {{"sets", std::move(sets)},
          {"reach",
           {{"soma_mV", reach_json(response.soma_mV.reach)},
            {"spike_log_odds", reach_json(response.spike_log_odds.reach)}}},
          {"synapses",
           {{"soma_mV", synapses_json(response.soma_mV)},
            {"spike_log_odds", synapses_json(response.spike_log_odds)}}}};
}

Json attribution_json(const interpret::AttributionSummary& attribution) {
  Json json{{"spikes", attribution.spikes}};
  if (attribution.spikes == 0) return json;
  json["steps"] = attribution.steps;
  json["largest_error"] = rounded(attribution.largest_error);
  json["mean_before_spikes"] = rounded(attribution.mean_before_spikes);
  json["mean_before_silences"] = rounded(attribution.mean_before_silences);
  if (!attribution.note.empty()) json["note"] = attribution.note;
  json["lag_ends_ms"] = attribution.lag_ends_ms;
  auto& sets = json["sets"] = Json::array();
  for (const auto& of : attribution.sets) {
    auto set = names_of(of.set);
    set["synapses"] = of.set.channels.size();
    set["before_spikes"] = set_attribution_json(of.before_spikes);
    set["before_silences"] = set_attribution_json(of.before_silences);
    sets.push_back(std::move(set));
  }
  json["synapses"] = {{"before_spikes", rounded(attribution.synapses_before_spikes)},
                      {"before_silences", rounded(attribution.synapses_before_silences)}};
  return json;
}

Json added_spikes_json(const interpret::AddedSpikeSummary& added) {
  if (added.each.empty()) return {{"spikes", 0}, {"left_out", added.left_out}};
  auto json = agreement_json(added.all);
  json["left_out"] = added.left_out;
  auto& sets = json["sets"] = Json::array();
  for (const auto& of : added.sets) {
    auto set = names_of(of.set);
    set.update(agreement_json(of.agreement));
    set["neuron"] = mean_change_json(of.neuron);
    set["twin"] = mean_change_json(of.twin);
    sets.push_back(std::move(set));
  }
  auto& each = json["each"] = Json::array();
  for (const auto& change : added.each) {
    each.push_back({{"channel", change.channel},
                    {"neuron", change_json(change.neuron)},
                    {"twin", change_json(change.twin)}});
  }
  return json;
}

}  // namespace nt::run
