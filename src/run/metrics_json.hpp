#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "evaluate/metrics.hpp"

namespace nt::run {

/// As metrics.json holds them: one flat object. What is no finite number is null.
nlohmann::ordered_json metrics_json(const evaluate::Metrics& metrics);

/// The scores of a run that was evaluated. InputError where they are missing or damaged.
nlohmann::ordered_json read_metrics(const std::filesystem::path& run_folder);

/// The 95 % interval of a number that metrics.json holds; empty where there is none.
std::optional<evaluate::MetricValue::Interval> interval_in(const nlohmann::ordered_json& metrics,
                                                           const std::string& key);

}  // namespace nt::run
