#include "run/detail/estimate_json.hpp"

#include <fmt/format.h>

#include <cmath>

namespace nt::run {

using Json = nlohmann::ordered_json;

double rounded(double x) {
  return std::stod(fmt::format("{:.5g}", x));
}

statistics::Estimate rounded(const statistics::Estimate& e) {
  return {rounded(e.value), rounded(e.low), rounded(e.high)};
}

Json rounded(std::span<const double> values) {
  auto out = Json::array();
  for (const double v : values) out.push_back(rounded(v));
  return out;
}

Json number_json(double x) {
  return std::isfinite(x) ? Json(x) : Json(nullptr);
}

Json interval_json(double low, double high) {
  return Json::array({number_json(low), number_json(high)});
}

Json interval_json(const statistics::Estimate& estimate) {
  return interval_json(estimate.low, estimate.high);
}

Json estimate_json(const statistics::Estimate& estimate) {
  return Json::array({number_json(estimate.value), number_json(estimate.low), number_json(estimate.high)});
}

void put_estimate(Json& json, const std::string& key, const statistics::Estimate& estimate) {
  json[key] = number_json(estimate.value);
  json[key + "_ci95"] = interval_json(estimate);
}

}  // namespace nt::run
