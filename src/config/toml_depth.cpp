#include "config/detail/toml_depth.hpp"

#include <algorithm>

namespace nt::config {
namespace {

/// Where a string that begins at `at` ends: the place after its closing quote, or of the line's end where it
/// has none.
size_t end_of_string(std::string_view text, size_t at) {
  const char quote = text[at];
  const std::string_view three = quote == '"' ? "\"\"\"" : "'''";
  const bool many_lines = text.substr(at, 3) == three;
  size_t i = at + (many_lines ? 3 : 1);
  while (i < text.size()) {
    if (quote == '"' && text[i] == '\\') {
      i += 2;
    } else if (many_lines && text.substr(i, 3) == three) {
      i += 3;
      for (int more = 0; more < 2 && i < text.size() && text[i] == quote; ++more) ++i;  // they end the text
      return i;
    } else if (!many_lines && text[i] == quote) {
      return i + 1;
    } else if (!many_lines && text[i] == '\n') {
      return i;
    } else {
      ++i;
    }
  }
  return text.size();
}

}  // namespace

int line_of_long_toml_key(std::string_view text) {
  int line = 1, parts = 1;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    size_t next = i + 1;
    if (c == '"' || c == '\'') {
      next = std::min(end_of_string(text, i), text.size());
      line += static_cast<int>(std::count(text.begin() + static_cast<int64_t>(i),
                                          text.begin() + static_cast<int64_t>(next), '\n'));
    } else if (c == '#') {
      next = std::min(text.find('\n', i), text.size());
    } else if (c == '.') {
      if (++parts > kMostTomlKeyParts) return line;
    } else if (c == '\n' || c == '=' || c == ',' || c == '[' || c == ']' || c == '{' || c == '}') {
      parts = 1;
      line += c == '\n';
    }
    i = next;
  }
  return 0;
}

}  // namespace nt::config
