#include "files/base64.hpp"

#include <algorithm>

#include "config/error.hpp"

namespace nt::files {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string base64(std::span<const uint8_t> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t n = std::min<size_t>(3, bytes.size() - i);
    uint32_t three = 0;
    for (size_t k = 0; k < 3; ++k) three = three << 8 | (k < n ? bytes[i + k] : 0u);
    for (size_t k = 0; k < 4; ++k) text += k <= n ? kDigits[three >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::vector<uint8_t> from_base64(std::string_view text) {
  const auto padding = text.size() - std::min(text.size(), text.find_last_not_of('=') + 1);
  if (text.size() % 4 != 0 || padding > 2)
    fail_input("base64 text of {} characters is not whole", text.size());
  std::vector<uint8_t> bytes;
  bytes.reserve(text.size() / 4 * 3);
  uint32_t bits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto digit = text[i] == '=' ? 0 : kDigits.find(text[i]);
    if (digit == kDigits.npos || (text[i] == '=' && i < text.size() - padding))
      fail_input("base64 text with a character '{}'", text[i]);
    bits = bits << 6 | static_cast<uint32_t>(digit);
    if (i % 4 == 3)
      for (const int shift : {16, 8, 0}) bytes.push_back(static_cast<uint8_t>(bits >> shift & 255));
  }
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace nt::files
