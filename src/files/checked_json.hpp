#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"

namespace nt::files {

/// JSON from a file that anybody may have made. InputError, naming `where`, if it is none, has values inside
/// each other more than 32 deep, or names a key twice.
nlohmann::json parse_checked_json(std::string_view text, const std::string& where);

/// An object of such JSON, whose members are asked for by key, type and range (both ends included). What is
/// not there or not so is an InputError that says where. Copies are light; the JSON must live longer.
class JsonObject {
 public:
  /// `where` begins every message, for example "twin.safetensors: specification".
  JsonObject(const nlohmann::json& value, std::string where);

  bool has(const char* key) const { return value_->contains(key); }
  int64_t integer(const char* key, int64_t low, int64_t high) const;
  /// A finite number.
  double number(const char* key, config::Range range = {}) const;
  bool flag(const char* key) const;
  std::string text(const char* key) const;
  /// Whether one of two words is the second.
  bool is_second(const char* key, std::string_view first, std::string_view second) const;
  std::vector<int64_t> integers(const char* key, int64_t low, int64_t high) const;
  std::vector<double> numbers(const char* key, config::Range range = {}) const;
  std::vector<std::string> texts(const char* key) const;
  JsonObject object(const char* key) const;
  std::vector<JsonObject> objects(const char* key) const;
  const nlohmann::json& value() const { return *value_; }
  /// "WHERE: 'KEY'", for messages.
  std::string where(const std::string& key) const { return where_ + ": '" + key + "'"; }

 private:
  const nlohmann::json& member(const char* key) const;
  const nlohmann::json& list(const char* key) const;
  int64_t integer_of(const nlohmann::json& value, const std::string& key, int64_t low, int64_t high) const;
  double number_of(const nlohmann::json& value, const std::string& key, config::Range range) const;
  std::string text_of(const nlohmann::json& value, const std::string& key) const;

  const nlohmann::json* value_;
  std::string where_;
};

}  // namespace nt::files
