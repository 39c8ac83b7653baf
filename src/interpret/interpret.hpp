#pragma once
#include "interpret/added_spike.hpp"
#include "interpret/attribution.hpp"
#include "interpret/filters.hpp"

namespace nt::interpret {

/// Part of what a result is known by. Raise it when the same twin and data come to another
/// interpretation.json.
inline constexpr int kInterpretVersion = 2;

/// Reads [interpret].
struct InterpretSpec {
  int64_t moments = 1024;  // that the mean response is taken over; 0: none
  int64_t templates = 4;   // 0: none
  AttributionSpec attribution;
  AddedSpikeSpec added;
};
InterpretSpec read_interpret(const config::Settings& settings);

/// interpretation.json: what the first layer learned (interpret_filters()), where its synapses sit, and what
/// [interpret] asks for beside it. A twin without filters has no templates. `test`: inputs and output spikes
/// that are looked at.
nlohmann::ordered_json interpret(twin::Twin& twin, const produce::DatasetPlan& plan,
                                 const dataset::Split& test, const InterpretSpec& spec, int threads);

}  // namespace nt::interpret
