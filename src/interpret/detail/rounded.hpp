#pragma once
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <span>

#include "statistics/estimate.hpp"

namespace nt::interpret {

/// Five digits: what documents hold of numbers that are drawn. NaN stays and becomes null.
inline double rounded(double x) {
  return std::stod(fmt::format("{:.5g}", x));
}
inline statistics::Estimate rounded(const statistics::Estimate& e) {
  return {rounded(e.value), rounded(e.low), rounded(e.high)};
}
inline nlohmann::ordered_json rounded(std::span<const double> values) {
  auto out = nlohmann::ordered_json::array();
  for (const double v : values) out.push_back(rounded(v));
  return out;
}

}  // namespace nt::interpret
