#pragma once
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "statistics/estimate.hpp"

namespace nt::run {

/// Five digits: what documents hold of numbers that are drawn. NaN stays and becomes null.
double rounded(double x);
statistics::Estimate rounded(const statistics::Estimate& estimate);
nlohmann::ordered_json rounded(std::span<const double> values);

/// JSON has no word for what is not finite: null.
nlohmann::ordered_json number_json(double x);

/// [low, high]
nlohmann::ordered_json interval_json(double low, double high);
nlohmann::ordered_json interval_json(const statistics::Estimate& estimate);

/// [value, low, high]
nlohmann::ordered_json estimate_json(const statistics::Estimate& estimate);

/// Writes the value as `key`, its interval as `key`_ci95.
void put_estimate(nlohmann::ordered_json& json, const std::string& key, const statistics::Estimate& estimate);

}  // namespace nt::run
