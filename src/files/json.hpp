#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "config/error.hpp"
#include "files/made_again.hpp"

namespace nt::files {

/// JSON of the program's files is nested less deep than this; deeper ones would exhaust the stack of whoever
/// copies or writes them.
inline constexpr int kDeepestJson = 64;

/// JSON text. InputError naming `file`, which the text comes from, if it is not JSON or nested too deep.
nlohmann::ordered_json parse_json(std::string_view text, const std::filesystem::path& file);
nlohmann::ordered_json read_json(const std::filesystem::path& file);

/// Whether the text is an object as parse_json takes it.
bool is_json_object(std::string_view text);

/// Calls `use`, which takes values out of JSON that came from `file`. A key that is missing, a value of the
/// wrong type or a number of elements that does not fit is an InputError naming the file.
template <class F>
auto using_json(const std::filesystem::path& file, F&& use) {
  const auto refuse = [&] {
    fail_input("{}: is damaged: it does not hold what neurontwin wrote; {}", file.string(),
               how_to_make_again(file));
  };
  try {
    return use();
  } catch (const nlohmann::json::exception&) {
    refuse();
  } catch (const std::out_of_range&) {
    refuse();
  }
  throw;  // not reached
}

}  // namespace nt::files
