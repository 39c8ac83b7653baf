#pragma once
#include "interpret/added_spike.hpp"
#include "interpret/attribution.hpp"
#include "interpret/dendritic_spikes.hpp"
#include "interpret/filters.hpp"
#include "interpret/probes.hpp"
#include "interpret/response.hpp"
#include "interpret/templates.hpp"

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

/// What a twin learned: its first layer, where its synapses sit, and what was asked for beside that. A twin
/// without filters has no templates.
struct Interpretation {
  FirstLayer first_layer = {};
  std::vector<SynapsePlace> places = {};
  std::optional<ResponseSummary> response = {};
  std::optional<FilterTemplates> templates = {};
  std::optional<AttributionSummary> attribution = {};
  std::optional<AddedSpikeSummary> added_spikes = {};
  std::optional<LayerProbes> probes = {};
  std::optional<DendriticSpikes> dendritic_spikes = {};
};

/// All of it but probes (probe_layers()) and dendritic spikes. `test`: inputs and output spikes that are
/// looked at. RunError where the watcher asks for a stop. For all ranks, to which simulated trials are dealt
/// out; rank 0 has what was found.
Interpretation interpret(twin::Twin& twin, const produce::DatasetPlan& plan, const dataset::Split& test,
                         const InterpretSpec& spec, int threads, const Watcher& watcher = {},
                         const ranks::Ranks& ranks = *ranks::alone());

}  // namespace nt::interpret
