#include "cli/in_quotes.hpp"

namespace nt::cli {

std::string in_quotes(const std::string& text, std::string_view special) {
  std::string out = "'";
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out + "'";
}

}  // namespace nt::cli
