#include "files/json.hpp"

#include "files/files.hpp"
#include "files/made_again.hpp"

namespace nt::files {
namespace {

using Json = nlohmann::ordered_json;

struct TooDeep {};

Json parse_bounded(std::string_view text) {
  return Json::parse(text, [](int depth, Json::parse_event_t event, const Json&) {
    const bool begins =
        event == Json::parse_event_t::array_start || event == Json::parse_event_t::object_start;
    if (begins && depth >= kDeepestJson) throw TooDeep();
    return true;
  });
}

}  // namespace

Json parse_json(std::string_view text, const std::filesystem::path& file) {
  try {
    return parse_bounded(text);
  } catch (const TooDeep&) {
    fail_input("{}: is damaged: JSON nested more than {} deep; {}", file.string(), kDeepestJson,
               how_to_make_again(file));
  } catch (const Json::parse_error& error) {
    fail_input("{}: is damaged: not JSON from byte {} on; {}", file.string(), error.byte,
               how_to_make_again(file));
  } catch (const Json::exception&) {  // a number out of range
    fail_input("{}: is damaged: it holds a number that is too large; {}", file.string(),
               how_to_make_again(file));
  }
}

Json read_json(const std::filesystem::path& file) {
  return parse_json(read_file(file), file);
}

bool is_json_object(std::string_view text) {
  try {
    return parse_bounded(text).is_object();
  } catch (const TooDeep&) {
    return false;
  } catch (const Json::exception&) {
    return false;
  }
}

}  // namespace nt::files
