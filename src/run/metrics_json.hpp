#pragma once
#include <nlohmann/json.hpp>

#include "evaluate/metrics.hpp"

namespace nt::run {

/// As metrics.json holds them: one flat object. What is no finite number is null.
nlohmann::ordered_json metrics_json(const evaluate::Metrics& metrics);

}  // namespace nt::run
