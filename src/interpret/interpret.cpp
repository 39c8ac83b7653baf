#include "interpret/interpret.hpp"

#include "interpret/detail/response.hpp"

namespace nt::interpret {

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

Interpretation interpret(twin::Twin& twin, const produce::DatasetPlan& plan, const dataset::Split& test,
                         const InterpretSpec& spec, int threads, const Watcher& watcher,
                         const ranks::Ranks& ranks) {
  if (!ranks.is_first()) {
    if (spec.added.spikes > 0) add_spikes(twin, plan, synapse_places(plan.cell), spec.added, threads, ranks);
    return {};
  }
  const auto tell = [&](double done, const char* note) {
    watcher.tell({"interpret", done, 4, "parts", note, false});
    watcher.stop_here_if_asked("interpreting");
  };
  tell(0, "filters");
  Interpretation found;
  found.first_layer =
      interpret_filters(twin, cell::excitatory_synapses(plan.cell),
                        cell::membrane_time_constant_ms(plan.cell), plan.seed, cell::named_groups(plan.cell));
  const auto& places = found.places = synapse_places(plan.cell);
  tell(1, "mean response");
  if (spec.moments > 0) {
    const auto moments = drawn_moments(test, spec.moments, twin.history_ms(), plan.seed);
    found.response = summarise(mean_response(twin, test, moments), places, plan.seed);
  }
  const auto filters = twin.network().filters(twin.layout(), twin.numbers, twin.channels());
  if (filters && spec.templates > 0)
    found.templates = filter_templates(*filters, places, spec.templates, plan.seed);
  tell(2, "input before spikes");
  if (spec.attribution.spikes > 0)
    found.attribution = attribution_before_spikes(twin, test, places, spec.attribution, plan.seed);
  tell(3, "spikes added to the input");
  if (spec.added.spikes > 0)
    found.added_spikes =
        summarise(add_spikes(twin, plan, places, spec.added, threads, ranks), places, plan.seed);
  tell(4, "");
  return found;
}

}  // namespace nt::interpret
