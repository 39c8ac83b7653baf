#pragma once
#include <nlohmann/json.hpp>

#include "evaluate/curves.hpp"
#include "evaluate/played_trial.hpp"

namespace nt::run {

/// curves.json (docs/files.md): what the report draws of an evaluation.
nlohmann::ordered_json curves_json(const evaluate::Curves& curves);

/// "trial" of neuron.json: what the report plays.
nlohmann::ordered_json played_trial_json(const evaluate::PlayedTrial& played);

}  // namespace nt::run
