#include "files/checked_json.hpp"

#include <cmath>
#include <set>

namespace nt::files {

namespace {

/// A value as messages name it.
std::string words_of(const nlohmann::json& value) {
  constexpr size_t kLongest = 40;
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  return text.size() <= kLongest ? fmt::format("the text \"{}\"", text) : "a text";
}

}  // namespace

nlohmann::json parse_checked_json(std::string_view text, const std::string& where) {
  constexpr int kDeepest = 32;
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto check = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    if (depth > kDeepest) fail_input("{}: has values inside each other more than {} deep", where, kDeepest);
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key && !keys.back().insert(parsed.get<std::string>()).second)
      fail_input("{}: has the key '{}' twice", where, parsed.get<std::string>());
    return true;
  };
  try {
    return nlohmann::json::parse(text.begin(), text.end(), check);
  } catch (const nlohmann::json::parse_error& error) {
    fail_input("{}: is not JSON, or was cut short (character {})", where, error.byte);
  } catch (const nlohmann::json::exception&) {
    fail_input("{}: holds a number that is too large", where);
  }
}

JsonObject::JsonObject(const nlohmann::json& value, std::string where)
    : value_(&value), where_(std::move(where)) {
  if (!value.is_object()) fail_input("{}: is {}, expected an object in braces", where_, words_of(value));
}

const nlohmann::json& JsonObject::member(const char* key) const {
  const auto found = value_->find(key);
  if (found == value_->end()) fail_input("{}: is missing", where(key));
  return *found;
}

const nlohmann::json& JsonObject::list(const char* key) const {
  const auto& value = member(key);
  if (!value.is_array()) fail_input("{}: is {}, expected a list", where(key), words_of(value));
  return value;
}

int64_t JsonObject::integer_of(const nlohmann::json& value, const std::string& key, int64_t low,
                               int64_t high) const {
  if (!value.is_number_integer())
    fail_input("{}: is {}, expected a whole number", where(key), words_of(value));
  // Beyond int64_t only unsigned numbers are kept apart.
  const bool too_large = value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX};
  if (too_large || value.get<int64_t>() < low || value.get<int64_t>() > high)
    fail_input("{}: is {}, expected {} to {}", where(key), value.dump(), low, high);
  return value.get<int64_t>();
}

double JsonObject::number_of(const nlohmann::json& value, const std::string& key, config::Range range) const {
  if (!value.is_number()) fail_input("{}: is {}, expected a number", where(key), words_of(value));
  const auto x = value.get<double>();
  if (!std::isfinite(x) || x < range.low || x > range.high)
    fail_input("{}: is {}, expected a finite number from {:g} to {:g}", where(key), x, range.low, range.high);
  return x;
}

std::string JsonObject::text_of(const nlohmann::json& value, const std::string& key) const {
  if (!value.is_string()) fail_input("{}: is {}, expected text", where(key), words_of(value));
  return value.get<std::string>();
}

int64_t JsonObject::integer(const char* key, int64_t low, int64_t high) const {
  return integer_of(member(key), key, low, high);
}

double JsonObject::number(const char* key, config::Range range) const {
  return number_of(member(key), key, range);
}

bool JsonObject::flag(const char* key) const {
  const auto& value = member(key);
  if (!value.is_boolean()) fail_input("{}: is {}, expected true or false", where(key), words_of(value));
  return value.get<bool>();
}

std::string JsonObject::text(const char* key) const {
  return text_of(member(key), key);
}

bool JsonObject::is_second(const char* key, std::string_view first, std::string_view second) const {
  const auto word = text(key);
  if (word != first && word != second)
    fail_input("{}: is \"{}\", expected \"{}\" or \"{}\"", where(key), word, first, second);
  return word == second;
}

std::vector<int64_t> JsonObject::integers(const char* key, int64_t low, int64_t high) const {
  std::vector<int64_t> all;
  for (const auto& value : list(key))
    all.push_back(integer_of(value, fmt::format("{}[{}]", key, all.size()), low, high));
  return all;
}

std::vector<double> JsonObject::numbers(const char* key, config::Range range) const {
  std::vector<double> all;
  for (const auto& value : list(key))
    all.push_back(number_of(value, fmt::format("{}[{}]", key, all.size()), range));
  return all;
}

std::vector<std::string> JsonObject::texts(const char* key) const {
  std::vector<std::string> all;
  for (const auto& value : list(key)) all.push_back(text_of(value, fmt::format("{}[{}]", key, all.size())));
  return all;
}

JsonObject JsonObject::object(const char* key) const {
  return {member(key), fmt::format("{}.{}", where_, key)};
}

std::vector<JsonObject> JsonObject::objects(const char* key) const {
  std::vector<JsonObject> all;
  for (const auto& value : list(key))
    all.emplace_back(value, fmt::format("{}.{}[{}]", where_, key, all.size()));
  return all;
}

}  // namespace nt::files
