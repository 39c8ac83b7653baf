#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "evaluate/metrics.hpp"

namespace nt::run {

/// As metrics.json holds them: one flat object. What is no finite number is null.
nlohmann::ordered_json metrics_json(const evaluate::Metrics& metrics);

/// The 95 % interval of a number that metrics.json holds; empty where there is none.
std::optional<evaluate::MetricValue::Interval> interval_in(const nlohmann::ordered_json& metrics,
                                                           const std::string& key);

}  // namespace nt::run
