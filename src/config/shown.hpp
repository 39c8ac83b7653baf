#pragma once
#include <fmt/format.h>

#include <cmath>
#include <string>

namespace nt::config {

/// A number for people, "-" where there is none (NaN).
inline std::string shown(double value, const char* format = "{:.3g}") {
  return std::isnan(value) ? "-" : fmt::format(fmt::runtime(format), value);
}

}  // namespace nt::config
