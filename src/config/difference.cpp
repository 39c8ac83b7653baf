#include "config/difference.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/detail/toml_value.hpp"

namespace nt::config {
namespace {

void collect(const toml::node& node, const std::string& key, ValuesByKey& values) {
  if (const auto* table = node.as_table()) {
    for (const auto& [name, below] : *table)
      collect(below, key.empty() ? std::string(name.str()) : fmt::format("{}.{}", key, name.str()), values);
    return;
  }
  const auto* array = node.as_array();
  if (array != nullptr && !array->empty() && array->front().is_table()) {
    for (size_t i = 0; i < array->size(); ++i) collect((*array)[i], fmt::format("{}[{}]", key, i), values);
    return;
  }
  values[key] = toml_value(node);
}

}  // namespace

ValuesByKey values_by_key(std::string_view toml) {
  ValuesByKey values;
  try {
    collect(toml::parse(toml), "", values);
  } catch (const toml::parse_error&) {
    values = {{"configuration", std::string(toml)}};
  }
  return values;
}

std::vector<KeyDifference> differences(const ValuesByKey& there, const ValuesByKey& here) {
  std::vector<KeyDifference> found;
  for (const auto& [key, value] : there) {
    const auto other = here.find(key);
    if (other == here.end() || other->second != value)
      found.push_back({key, value, other == here.end() ? "" : other->second});
  }
  for (const auto& [key, value] : here)
    if (!there.contains(key)) found.push_back({key, "", value});
  return found;
}

namespace {

bool is_content(const std::string& value) {
  return value.starts_with("'content ");
}

bool is_algorithm(const std::string& key) {
  return key.starts_with("algorithms.");
}

std::string words_for(const KeyDifference& d, std::string_view there, std::string_view here) {
  const auto value = [](const std::string& v) { return v.empty() ? "not set" : v; };
  if (is_content(d.there) && is_content(d.here))
    return fmt::format("{}: the file that it names has another content now", d.key);
  if (is_algorithm(d.key)) {
    const auto version = [](const std::string& v) { return v.empty() ? "none" : "version " + v; };
    return fmt::format("the algorithm '{}': {} {}, {} {}", d.key.substr(std::string("algorithms.").size()),
                       version(d.there), there, version(d.here), here);
  }
  return fmt::format("{}: {} {}, {} {}", d.key, value(d.there), there, value(d.here), here);
}

}  // namespace

bool is_setting(const KeyDifference& difference) {
  return !is_algorithm(difference.key) && !(is_content(difference.there) && is_content(difference.here));
}

std::string words_for(const std::vector<KeyDifference>& differences, std::string_view there,
                      std::string_view here, size_t at_most) {
  std::vector<std::string> words;
  for (const auto& d : differences) {
    if (words.size() == at_most) {
      words.push_back(fmt::format("and {} more", differences.size() - at_most));
      break;
    }
    words.push_back(words_for(d, there, here));
  }
  return fmt::format("{}", fmt::join(words, "; "));
}

}  // namespace nt::config
