#include "config/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace nt::config {
namespace {

/// A character of UTF-8 text (RFC 3629), and how many bytes it takes; no bytes where there is none.
struct Character {
  uint32_t code = 0;
  size_t bytes = 0;
};

Character character_at(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const size_t bytes = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < bytes) return {};
  uint32_t code = byte(0) & (0xffu >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3fu);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};  // of so many bytes
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kLeast[bytes] || code > 0x10ffff || surrogate) return {};
  return {code, bytes};
}

bool is_control(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/// Marks, embeddings, overrides and isolates of the Unicode Bidirectional Algorithm, and the two separators
/// that some terminals take for line feeds.
bool turns_writing(uint32_t code) {
  return code == 0x061c || code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

std::string visible(std::string_view text, std::string_view allowed) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto character = character_at(text);
    if (character.bytes == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (is_control(character.code) && allowed.find(text[0]) == std::string_view::npos) {
      out += fmt::format("\\x{:02x}", character.code);
    } else if (turns_writing(character.code)) {
      out += fmt::format("\\u{:04x}", character.code);
    } else {
      out += text.substr(0, character.bytes);
    }
    text.remove_prefix(std::max<size_t>(1, character.bytes));
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) {
  return visible(text, "\n\t");
}

std::string printable_line(std::string_view text) {
  return visible(text, "");
}

}  // namespace nt::config
