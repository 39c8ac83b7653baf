#pragma once
#include <cstddef>
#include <nlohmann/json.hpp>

#include "twin/twin.hpp"

namespace nt::report {

/// A page carries no twin whose numbers take more bytes than this, as text.
inline constexpr size_t kMostLiveBytes = 1'000'000;

/// "twin" of neuron.json (docs/report.md): all that a page needs to run a recurrent twin (recurrent.hpp)
/// by itself, page/live_twin.js: its sizes and its numbers, 4 bytes each, the least one first, as base64. Of
/// another kind of twin, and of one that is larger than `most_bytes`, {"why_not"}: the reason, a sentence.
nlohmann::ordered_json live_twin_json(const twin::Twin& twin, size_t most_bytes = kMostLiveBytes);

}  // namespace nt::report
