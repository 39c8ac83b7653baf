#pragma once
#include <nlohmann/json.hpp>

namespace nt::report {

/// Make of a report's data what its page unpacks (page/unpack.js). null stays null.
/// interpretation.json: the filters of units become 16-bit integers.
void pack_filters(nlohmann::ordered_json& interpretation);
/// curves.json and neuron.json: the input spikes of trials, and the voltages of the one that plays, are
/// deflated (RFC 1950). A layer-5 cell has a hundred thousand input spikes a trial, and two million voltages.
void pack_examples(nlohmann::ordered_json& curves);
void pack_trial(nlohmann::ordered_json& neuron);

}  // namespace nt::report
