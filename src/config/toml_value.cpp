#include "config/detail/toml_value.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>

namespace nt::config {

std::string toml_value(const toml::node& node) {
  if (const auto* real = node.as_floating_point()) {
    std::string digits = fmt::format("{}", real->get());
    const bool whole = digits.find_first_of(".en") == std::string::npos;
    return whole ? digits + ".0" : digits;
  }
  if (const auto* array = node.as_array()) {
    std::vector<std::string> parts;
    for (const auto& element : *array) parts.push_back(toml_value(element));
    return fmt::format("[{}]", fmt::join(parts, ", "));
  }
  std::ostringstream out;
  node.visit([&](const auto& value) { out << value; });
  return out.str();
}

}  // namespace nt::config
