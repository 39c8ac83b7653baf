// What is known of a network, as JSON.
#include <cmath>

#include "files/json.hpp"
#include "run/network_run.hpp"

namespace nt::run {
namespace {

using Json = nlohmann::ordered_json;

/// What is not defined is left out.
void put(Json& to, const char* key, double value) {
  if (std::isfinite(value)) to[key] = value;
}

Json json_of(const network::Activity& a) {
  Json json{{"neurons", a.neurons}, {"spikes", a.spikes}};
  put(json, "rate_hz", a.rate_hz);
  put(json, "rate_sd_hz", a.rate_sd_hz);
  put(json, "silent_share", a.silent_share);
  put(json, "cv", a.cv);
  json["cv_neurons"] = a.cv_neurons;
  put(json, "correlation", a.correlation);
  put(json, "correlation_sd", a.correlation_sd);
  json["pairs"] = a.pairs;
  put(json, "fano", a.fano);
  json["rates_hz"] = a.rates_hz;
  json["cvs"] = a.cvs;
  json["correlations"] = a.correlations;
  json["frequency_hz"] = a.frequency_hz;
  json["power_hz2_per_hz"] = a.power;
  return json;
}

Json json_of(const network::Difference& d) {
  Json json{{"first_divergence_ms", d.first_divergence_ms}, {"median_divergence_ms", d.median_divergence_ms}};
  put(json, "matched_share", d.matched_share);
  put(json, "rate_correlation", d.rate_correlation);
  put(json, "rate_error_hz", d.rate_error_hz);
  put(json, "interval_distance", d.interval_distance);
  put(json, "correlation_difference", d.correlation_difference);
  put(json, "spectrum_distance_db", d.spectrum_distance_db);
  put(json, "course_correlation", d.course_correlation);
  return json;
}

Json projections_of(const NetworkAsked& asked) {
  auto list = Json::array();
  const auto& populations = asked.spec.populations;
  for (const auto& p : asked.spec.projections)
    list.push_back({{"from", populations[p.from].name},
                    {"to", populations[p.to].name},
                    {"rule", network::kRules[static_cast<size_t>(p.rule)]}});
  return list;
}

}  // namespace

std::string activity_json(const NetworkAsked& asked, const network::Network& network,
                          const std::vector<network::Activity>& activity, const Computed& computed) {
  Json json{{"title", asked.spec.title},   {"identity", asked.identity},
            {"ms", network.now_ms()},      {"transient_ms", asked.spec.transient_ms},
            {"bin_ms", asked.spec.bin_ms}, {"seed", asked.spec.seed}};
  json["projections"] = projections_of(asked);
  for (size_t k = 0; k < asked.spec.projections.size(); ++k)
    json["projections"][k]["contacts"] = network.contacts(k);
  json["contacts"] = network.wiring().connections;
  json["contact_bytes"] = network.wiring().bytes;
  for (const auto& a : activity) json["populations"][a.population] = json_of(a);
  json["timing.threads"] = asked.threads;
  json["timing.computed_ms"] = computed.ms;
  json["timing.seconds"] = computed.seconds;
  return json.dump(1) + "\n";
}

std::string comparison_json(const NetworkAsked& asked, const std::vector<network::Course>& courses,
                            double perturbation_mV) {
  Json json{{"title", asked.spec.title},
            {"ms", asked.spec.duration_ms},
            {"transient_ms", asked.spec.transient_ms},
            {"bin_ms", asked.spec.bin_ms},
            {"seed", asked.spec.seed},
            {"perturbation_mV", perturbation_mV},
            {"projections", projections_of(asked)},
            {"courses", Json::array()}};
  for (size_t k = 0; !courses.empty() && k < courses.front().contacts.size(); ++k)
    json["projections"][k]["contacts"] = courses.front().contacts[k];
  for (const auto& course : courses) {
    Json one{{"name", course.name}, {"timing.seconds", course.seconds}};
    for (const auto& a : course.activity) one["populations"][a.population] = json_of(a);
    for (const auto& d : course.differences) one["differences"][d.population] = json_of(d);
    json["courses"].push_back(std::move(one));
  }
  return json.dump(1) + "\n";
}

neurontwin::PopulationActivity activity_value(const network::Activity& a) {
  return {.name = a.population,
          .neurons = a.neurons,
          .spikes = a.spikes,
          .rate_hz = a.rate_hz,
          .rate_sd_hz = a.rate_sd_hz,
          .silent_share = a.silent_share,
          .cv = a.cv,
          .correlation = a.correlation,
          .correlation_sd = a.correlation_sd,
          .fano = a.fano,
          .rates_hz = a.rates_hz,
          .cvs = a.cvs,
          .correlations = a.correlations,
          .frequency_hz = a.frequency_hz,
          .power = a.power};
}

}  // namespace nt::run
