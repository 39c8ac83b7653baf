#include "interpret/interpret.hpp"

#include "interpret/detail/response.hpp"
#include "interpret/detail/rounded.hpp"
#include "interpret/detail/templates.hpp"

namespace nt::interpret {
namespace {

using Json = nlohmann::ordered_json;

Json places_json(std::span<const SynapsePlace> places) {
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

}  // namespace

InterpretSpec read_interpret(const config::Settings& settings) {
  InterpretSpec spec;
  spec.moments = settings.integer("moments", spec.moments, {0, 1e7});
  spec.templates = settings.integer("templates", spec.templates, {0, 64});
  spec.attribution.spikes = settings.integer("attributed_spikes", spec.attribution.spikes, {0, 1e6});
  spec.attribution.steps = settings.integer("attribution_steps", spec.attribution.steps, {1, 10000});
  spec.attribution.away_ms = settings.integer("silence_away_ms", spec.attribution.away_ms, {1, 10000});
  spec.added.spikes = settings.integer("added_spikes", spec.added.spikes, {0, 1e6});
  spec.added.before_ms = settings.integer("before_ms", spec.added.before_ms, {1, 1e5});
  spec.added.after_ms = settings.integer("after_ms", spec.added.after_ms, {10, 1e4});
  return spec;
}

Json interpret(twin::Twin& twin, const produce::DatasetPlan& plan, const dataset::Split& test,
               const InterpretSpec& spec, int threads) {
  const auto places = synapse_places(plan.cell);
  auto json =
      interpret_filters(twin, cell::excitatory_synapses(plan.cell),
                        cell::membrane_time_constant_ms(plan.cell), plan.seed, cell::named_groups(plan.cell))
          .document;
  json["places"] = places_json(places);
  if (spec.moments > 0) {
    const auto moments = drawn_moments(test, spec.moments, twin.history_ms(), plan.seed);
    json["response"] = response_json(mean_response(twin, test, moments), places, plan.seed);
  }
  const auto filters = twin.network().filters(twin.layout(), twin.numbers, twin.channels());
  if (filters && spec.templates > 0)
    json["templates"] = filter_templates(*filters, places, spec.templates, plan.seed);
  if (spec.attribution.spikes > 0)
    json["attribution"] = attribution_json(twin, test, places, spec.attribution, plan.seed);
  if (spec.added.spikes > 0) {
    json["added_spikes"] =
        added_spikes_json(add_spikes(twin, plan, places, spec.added, threads), places, plan.seed);
  }
  return json;
}

}  // namespace nt::interpret
