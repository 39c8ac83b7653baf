#pragma once
#include <nlohmann/json.hpp>

#include "interpret/interpret.hpp"

namespace nt::run {

/// peak, peak_lag_ms, width_ms, decay_tau_ms and decay_r2; null what a note speaks against, and the note as
/// peak_lag_note, width_note, decay_note.
nlohmann::ordered_json shape_json(const interpret::NotedShape& noted);

/// "response", "attribution" and "added_spikes" of interpretation.json.
nlohmann::ordered_json response_json(const interpret::ResponseSummary& response);
nlohmann::ordered_json attribution_json(const interpret::AttributionSummary& attribution);
nlohmann::ordered_json added_spikes_json(const interpret::AddedSpikeSummary& added);

}  // namespace nt::run
